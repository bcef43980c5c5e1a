// An API with an authorization server of its own: people sign in on its pages, services by a secret, and both call the API.
// npm i express oidc-provider @countersign/express @countersign/oauth-server @countersign/policy @countersign/tokens
//       @countersign/passwords @countersign/store
import { mount, problems, protect } from '@countersign/express'
import { hashClientSecret, oauthServer } from '@countersign/oauth-server'
import { hashPassword, passwordLogin } from '@countersign/passwords'
import { bearer, policy } from '@countersign/policy'
import { sqliteStore } from '@countersign/store'
import { localIssuer } from '@countersign/tokens'
import express from 'express'

const port = Number(process.env.PORT ?? 3000)
const issuer = `http://127.0.0.1:${port}` // your https://login.acme.com
const api = 'https://api.acme.com'
const store = sqliteStore(process.env.STORE ?? 'auth.db')

// Your users and clients, from wherever you keep them.
const ada = { subject: 'user-1', username: 'ada', name: 'Ada', passwordHash: await hashPassword('correct horse') }
const findByName = (name: string) => (name === ada.username ? ada : undefined)
const findById = (id: string) => (id === ada.subject ? ada : undefined)
const secretHash = hashClientSecret(process.env.SERVICE_SECRET ?? 'from-openssl-rand-base64-32')

const own = localIssuer({ issuer, audience: api, store })
const server = oauthServer({
  issuer: own,
  store,
  users: passwordLogin({ find: findByName }),
  account(subject) {
    const user = findById(subject)
    return user && { scopes: ['posts:read', 'posts:write'], roles: ['author'], claims: { name: user.name } }
  },
  resources: { [api]: { scopes: ['posts:read', 'posts:write'] } },
  clients: [
    { id: 'web', name: 'Acme Web', redirectUris: ['https://app.example/callback'] },
    { id: 'reports', secretHash, scopes: ['posts:read'] },
  ],
})

const app = express()
app.use(mount(own.endpoints), mount(server.endpoints))

const readPosts = policy({ accept: bearer(own), scopes: ['posts:read'] })
app.get('/posts', protect(readPosts), (req, res) => {
  res.json({ for: readPosts.principal(req).subject })
})
app.use(problems())
app.listen(port, '127.0.0.1')
