// Rules that CASL answers: what an ability says of an action, and of one object.
// npm i @countersign/express @countersign/policy @countersign/tokens @casl/ability
import { AbilityBuilder, createMongoAbility, subject } from '@casl/ability'
import { problems, protect, Refused } from '@countersign/express'
import { bearer, policy } from '@countersign/policy'
import { remoteIssuer } from '@countersign/tokens'
import express from 'express'

interface Caller {
  readonly subject: string
  readonly roles?: readonly string[]
}
function abilityOf(caller: Caller) {
  const { can, build } = new AbilityBuilder(createMongoAbility)
  can('read', 'Post')
  if (caller.roles?.includes('author')) can('update', 'Post', { author: caller.subject })
  if (caller.roles?.includes('editor')) can('update', 'Post')
  return build()
}
const may = (action: string) => ({
  name: `may ${action} posts`,
  test: (caller: Caller) => abilityOf(caller).can(action, 'Post'),
})
const mayThis = (action: string) => ({
  name: `may ${action} this post`,
  test: (caller: Caller, post: object) => abilityOf(caller).can(action, subject('Post', { ...post })),
})

const acme = remoteIssuer(process.env.ISSUER ?? 'https://acme.eu.auth0.com/', { audience: 'https://api.acme.com' })
const editPosts = policy({ accept: bearer(acme), allow: may('update') })
const posts = new Map([['1', { author: 'ada', title: 'Engines' }]])

const app = express()
app.put('/posts/:id', protect(editPosts), async (req, res) => {
  const post = posts.get(req.params.id ?? '')
  if (!post) return void res.sendStatus(404)
  const refusal = await editPosts.authorize(req, mayThis('update'), post)
  if (refusal) throw new Refused(refusal)
  res.json(post)
})
app.use(problems())
app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1')
