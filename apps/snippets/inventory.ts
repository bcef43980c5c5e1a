// Every route with its policy, an OpenAPI document of what is enforced, and no start while a route says nothing of who may call.
// npm i @countersign/express @countersign/policy @countersign/tokens @countersign/schema @countersign/inventory
import { inventory, problems, protect, validate } from '@countersign/express'
import { openApi } from '@countersign/inventory'
import { anyone, bearer, policy } from '@countersign/policy'
import { defineSchema } from '@countersign/schema'
import { remoteIssuer } from '@countersign/tokens'
import express from 'express'

const acme = remoteIssuer(process.env.ISSUER ?? 'https://acme.eu.auth0.com/', { audience: 'https://api.acme.com' })
const readPosts = policy({ name: 'read posts', accept: bearer(acme), scopes: ['posts:read'] })
const deletePosts = policy({ name: 'delete posts', accept: bearer(acme), allow: { role: 'admin' } })
const Page = defineSchema({ type: 'object', properties: { limit: { type: 'integer', minimum: 1, maximum: 100 } } })

export const app = express() // for `npx countersign routes ./inventory.ts`
app.get('/health', protect(anyone), (_req, res) => void res.json({ status: 'ok' }))
app.get('/posts', protect(readPosts), validate({ query: Page }), (_req, res) => void res.json({ posts: [] }))
app.delete('/posts/:id', protect(deletePosts), (_req, res) => void res.sendStatus(204))
app.get('/openapi.json', protect(anyone), (_req, res) => void res.json(document))
app.use(problems())

export const routes = inventory(app, { undeclared: 'refuse' }) // when all are there: throws with a list of those without a policy
const document = openApi(routes, { info: { title: 'Posts', version: '1.0.0' } })

if (import.meta.main) app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1')
