// A server as the README of @fastify/jwt 10 shows one: sign, verify, a cookie, a denylist, a partner in a namespace.
import cookie from '@fastify/cookie'
import fastifyJwt, { type FastifyJwtNamespace, type TokenOrHeader } from '@fastify/jwt'
import Fastify, { type FastifyRequest } from 'fastify'
import { JwksClient } from 'jwks-rsa'

declare module 'fastify' {
  interface FastifyRequest extends Pick<FastifyJwtNamespace<{ namespace: 'partner' }>, 'partnerJwtVerify'> {}
}
interface User {
  readonly sub: string
  readonly admin?: boolean
  readonly jti?: string
}
const secret = process.env.SECRET ?? 'the secret of at least 32 bytes that signed them'
const audience = 'https://api.acme.com'
const partner = process.env.ISSUER ?? 'https://partner.eu.auth0.com'

const app = Fastify()
const denylist = new Set<string>()
app.register(cookie)
app.register(fastifyJwt, {
  secret,
  sign: { iss: 'https://login.acme.com', aud: audience, expiresIn: '1h' },
  cookie: { cookieName: 'token', signed: false },
  trusted: (_request, { jti }) => !denylist.has(jti),
})
app.post('/login', async () => ({ token: app.jwt.sign({ sub: 'user-1', admin: true, jti: crypto.randomUUID() }) }))

const authenticate = async (request: FastifyRequest) => void (await request.jwtVerify())
const userOf = (request: FastifyRequest) => request.user as User | null
app.get('/profile', { onRequest: authenticate }, async (request) => {
  return { user: userOf(request)?.sub, admin: userOf(request)?.admin }
})
app.post('/profile', { onRequest: authenticate }, async (request) => ({ changed: userOf(request)?.sub }))
app.post('/logout', { onRequest: authenticate }, async (request, reply) => {
  denylist.add(userOf(request)?.jti ?? '')
  return reply.code(204).send()
})
app.get('/greeting', async (request) => {
  await request.jwtVerify().catch(() => undefined) // the usual way to an optional route
  return { hello: userOf(request)?.sub ?? 'stranger' }
})

const client = new JwksClient({ jwksUri: `${partner}/.well-known/jwks.json` })
app.register(fastifyJwt, {
  namespace: 'partner',
  decode: { complete: true },
  secret: async (_request: FastifyRequest, token: TokenOrHeader) =>
    (await client.getSigningKey(token.header.kid)).getPublicKey(),
  verify: { algorithms: ['RS256'], allowedAud: audience, allowedIss: partner },
})
const fromPartner = async (request: FastifyRequest) => void (await request.partnerJwtVerify())
app.get('/partner', { onRequest: fromPartner }, async (request) => ({ user: userOf(request)?.sub }))
await app.listen({ port: Number(process.env.PORT ?? 3000), host: '127.0.0.1' })
