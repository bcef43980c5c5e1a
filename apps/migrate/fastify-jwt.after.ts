// The same server on Countersign: tokens that are out stay good.
import { problems, protect } from '@countersign/fastify'
import { bearer, policy } from '@countersign/policy'
import { sqliteStore } from '@countersign/store'
import { legacyTokens, localIssuer, remoteIssuer } from '@countersign/tokens'
import Fastify from 'fastify'

const secret = process.env.SECRET ?? 'the secret of at least 32 bytes that signed them'
const audience = 'https://api.acme.com'
const partner = process.env.ISSUER ?? 'https://partner.eu.auth0.com'

const app = Fastify()
const denylist = new Set<string>()
const old = legacyTokens({
  algorithms: ['HS256'],
  secret,
  issuer: 'https://login.acme.com',
  audience,
  type: 'JWT',
})
const own = localIssuer({ issuer: audience, audience, store: sqliteStore(process.env.STORE ?? 'auth.db') })
const accept = bearer([own, old], {
  cookie: 'token',
  principal: (verified) => (denylist.has(verified.credential?.id ?? '') ? undefined : verified),
})
app.register(problems)
app.post('/login', async (_request, reply) => {
  const { access_token, refresh_token } = await own.issue({ subject: 'user-1' }, { claims: { admin: true } })
  reply.header('cache-control', 'no-store')
  return { token: access_token, refresh_token }
})

const signedIn = policy({ accept })
const maybe = policy({ accept, mode: 'optional' })
app.get('/profile', { onRequest: protect(signedIn) }, async (request) => {
  const { sub, admin } = signedIn.principal(request).claims // what was request.user
  return { user: sub, admin }
})
app.post('/profile', { onRequest: protect(signedIn) }, async (request) => ({
  changed: signedIn.principal(request).subject,
}))
app.post('/logout', { onRequest: protect(signedIn) }, async (request, reply) => {
  const caller = signedIn.principal(request)
  if (caller.claims.iss === own.issuer) await own.revoke(caller)
  else denylist.add(caller.credential?.id ?? '') // an old token: as before, until the last has died
  return reply.code(204).send()
})
app.get('/greeting', { onRequest: protect(maybe) }, async (request) => ({
  hello: maybe.principal(request)?.subject ?? 'stranger',
}))

const partners = policy({ accept: bearer(remoteIssuer(partner, { audience, algorithms: ['RS256'] })) })
app.get('/partner', { onRequest: protect(partners) }, async (request) => ({
  user: partners.principal(request).subject,
}))
await app.listen({ port: Number(process.env.PORT ?? 3000), host: '127.0.0.1' })
