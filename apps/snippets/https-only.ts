// HTTPS only, behind a proxy that ends TLS on this machine; a credential that came in the clear is ended.
import { apiKeys } from '@countersign/api-keys'
import { problems, protect } from '@countersign/express'
import { anyOf, apiKey, bearer, policy, publicRoute } from '@countersign/policy'
import { sqliteStore } from '@countersign/store'
import { localIssuer } from '@countersign/tokens'
import { httpsOnly, knownHosts } from '@countersign/transport'
import express from 'express'

const origin = 'https://api.acme.com'
const store = sqliteStore(process.env.STORE ?? 'auth.db')
const own = localIssuer({ issuer: origin, audience: origin, store })
const keys = apiKeys({ prefix: 'acme', store })
const accept = anyOf(bearer(own), apiKey(keys))

const secure = httpsOnly({
  origin,
  exposed: {
    accept,
    revoke: ({ scheme, principal }) =>
      scheme === 'bearer' ? own.revoke(principal) : keys.revoke(principal.credential?.id ?? ''),
  },
})
const door = publicRoute({ name: 'door', conditions: [secure, knownHosts(['api.acme.com', 'localhost'])] })
const caller = policy({ accept })

const app = express()
app.set('trust proxy', 'loopback') // the proxy that ends TLS; nobody else's X-Forwarded-Proto counts
app.use(protect(door))
app.get('/me', protect(caller), (req, res) => res.json({ subject: caller.principal(req).subject }))
app.use(problems())

if (process.env.DEMO === '1') console.log(`key: ${(await keys.create({ subject: 'ada', scopes: [] })).key}`)
const server = app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => {
  console.log(`listening on http://127.0.0.1:${(server.address() as { port: number }).port}`)
})
