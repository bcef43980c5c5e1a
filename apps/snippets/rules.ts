// Rules as data and as functions: scopes, roles in an order, what a post says of its author, how long ago somebody signed in.
// npm i @countersign/express @countersign/policy @countersign/tokens
import { problems, protect, Refused } from '@countersign/express'
import { bearer, policy, roleHierarchy } from '@countersign/policy'
import { remoteIssuer } from '@countersign/tokens'
import express from 'express'

const acme = remoteIssuer(process.env.ISSUER ?? 'https://acme.eu.auth0.com/', { audience: 'https://api.acme.com' })
const posts = new Map([['1', { author: 'ada', title: 'Engines' }]])

const roles = roleHierarchy({ admin: ['editor'], editor: ['author'] })
const writers = policy({ accept: bearer(acme), allow: { allOf: [{ scope: 'posts:write' }, roles.atLeast('author')] } })
const ownPost = {
  name: 'own post',
  test: ({ subject }: { subject: string }, post: { author: string }) => subject === post.author,
}
const mayEdit = { anyOf: [roles.atLeast('editor'), ownPost] }

const app = express()
app.put('/posts/:id', protect(writers), async (req, res) => {
  const post = posts.get(req.params.id ?? '')
  if (!post) return void res.sendStatus(404)
  const refusal = await writers.authorize(req, mayEdit, post)
  if (refusal) throw new Refused(refusal)
  res.json(post)
})

const lately = policy({ accept: bearer(acme), allow: roles.atLeast('admin'), maxAge: 300 }) // RFC 9470
app.delete('/posts', protect(lately), (_req, res) => void res.sendStatus(204))
app.use(problems())
app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1')
