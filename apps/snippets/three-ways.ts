// One policy, three ways to prove who you are; then a rule about the object itself.
// npm i @countersign/express @countersign/policy @countersign/tokens @countersign/passwords @countersign/api-keys @countersign/store
import { subscribe } from 'node:diagnostics_channel'
import { apiKeys } from '@countersign/api-keys'
import { problems, protect } from '@countersign/express'
import { hashPassword, passwordLogin } from '@countersign/passwords'
import { anyOf, apiKey, basic, bearer, policy } from '@countersign/policy'
import { sqliteStore } from '@countersign/store'
import { localIssuer } from '@countersign/tokens'
import express from 'express'

const passwordHash = await hashPassword('correct horse')
const table = new Map([
  ['ada', { subject: 'user-1', passwordHash, scopes: ['posts:write'], roles: ['editor'] }],
  ['bob', { subject: 'user-2', passwordHash, scopes: ['posts:write'], roles: [] }],
])
const posts = new Map([['1', { author: 'user-1', text: 'first' }]])

const store = sqliteStore(process.env.STORE ?? 'auth.db')
const issuer = 'https://api.acme.com'
const tokens = localIssuer({ issuer, audience: issuer, store })
const keys = apiKeys({ prefix: 'acme', store })
const users = passwordLogin({ find: (name) => table.get(name) })

const writePosts = policy({
  name: 'write posts',
  accept: anyOf(bearer(tokens), apiKey(keys), basic(users)), // how a caller may prove who they are
  scopes: ['posts:write'], // what the credential must allow
})
const ownPost = {
  name: 'own post',
  test: (caller: { subject: string }, post: { author: string }) => caller.subject === post.author,
}

const app = express()
app.post('/login', express.json(), async (req, res) => {
  res.set('cache-control', 'no-store').json(await tokens.issue(await users.require(req.body)))
})
app.put('/posts/:id', protect(writePosts), express.json(), async (req, res, next) => {
  const post = posts.get(req.params.id)
  if (!post) return next() // 404
  const refusal = await writePosts.authorize(req, { anyOf: [{ role: 'editor' }, ownPost] }, post)
  if (refusal) return void res.writeHead(refusal.status, refusal.headers).end(refusal.body)
  post.text = req.body.text
  res.json({ ...post, changedBy: writePosts.principal(req).subject, scheme: writePosts.decision(req).scheme })
})
app.use(problems())

for (const channel of ['countersign:unauthenticated', 'countersign:forbidden'])
  subscribe(channel, (event) => console.log(JSON.stringify(event)))
const { key } = await keys.create({ subject: 'user-2', scopes: ['posts:write'] })
console.log(`key, shown once: ${key}`)
app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1')
