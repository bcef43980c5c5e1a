// Rules that Cedar answers: policies as text, which others can read and check.
// npm i @countersign/express @countersign/policy @countersign/tokens @cedar-policy/cedar-wasm
import { isAuthorized } from '@cedar-policy/cedar-wasm/nodejs'
import { problems, protect, Refused } from '@countersign/express'
import { bearer, policy } from '@countersign/policy'
import { remoteIssuer } from '@countersign/tokens'
import express from 'express'

const staticPolicies = `
  permit (principal, action == Action::"update", resource) when { resource.author == principal };
  permit (principal, action == Action::"update", resource) when { principal.roles.contains("editor") };
  forbid (principal, action, resource) when { resource.archived };`

interface Post {
  readonly id: string
  readonly author: string
  readonly archived: boolean
}
const mayThis = (action: string) => ({
  name: `Cedar: ${action} this post`,
  test(caller: { readonly subject: string; readonly roles?: readonly string[] }, post: Post) {
    const principal = { type: 'User', id: caller.subject }
    const resource = { type: 'Post', id: post.id }
    const author = { __entity: { type: 'User', id: post.author } }
    const answer = isAuthorized({
      principal,
      action: { type: 'Action', id: action },
      resource,
      context: {},
      policies: { staticPolicies },
      entities: [
        { uid: principal, attrs: { roles: [...(caller.roles ?? [])] }, parents: [] },
        { uid: resource, attrs: { author, archived: post.archived }, parents: [] },
      ],
    })
    if (answer.type === 'failure') throw new Error(answer.errors.map(({ message }) => message).join('; ')) // a bug: 500
    // A policy that could not be evaluated is skipped, also one that forbids.
    return answer.response.decision === 'allow' && answer.response.diagnostics.errors.length === 0
  },
})

const acme = remoteIssuer(process.env.ISSUER ?? 'https://acme.eu.auth0.com/', { audience: 'https://api.acme.com' })
const signedIn = policy({ accept: bearer(acme) })
const posts = new Map([
  ['1', { id: '1', author: 'ada', archived: false }],
  ['2', { id: '2', author: 'ada', archived: true }],
])

const app = express()
app.put('/posts/:id', protect(signedIn), async (req, res) => {
  const post = posts.get(req.params.id ?? '')
  if (!post) return void res.sendStatus(404)
  const refusal = await signedIn.authorize(req, mayThis('update'), post)
  if (refusal) throw new Refused(refusal)
  res.json(post)
})
app.use(problems())
app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1')
