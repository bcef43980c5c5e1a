// GET /auth/check, for a gateway that is nginx, Caddy, HAProxy, Traefik or Envoy.
// npm i @countersign/express @countersign/gateway @countersign/policy @countersign/tokens @countersign/store express
import { mount, problems } from '@countersign/express'
import { authCheck } from '@countersign/gateway'
import { anyone, bearer, policy } from '@countersign/policy'
import { sqliteStore } from '@countersign/store'
import { localIssuer } from '@countersign/tokens'
import express from 'express'

const store = sqliteStore(process.env.STORE ?? 'auth.db')
const issuer = localIssuer({ issuer: 'https://acme.com', audience: 'https://api.acme.com', store })
const accept = bearer(issuer)

const check = authCheck(
  [
    { methods: ['GET'], path: '/orders/*', policy: policy({ accept, scopes: ['orders:read'] }) },
    { methods: ['POST'], path: '/orders', policy: policy({ accept, scopes: ['orders:write'] }) },
    { methods: ['GET'], path: '/public/*', policy: anyone },
  ],
  { trustedPeers: ['127.0.0.1', '10.0.0.0/8'] },
)

const app = express()
app.use(mount([check]))
app.use(problems())
app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1')
