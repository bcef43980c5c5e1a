// Countersign on Fastify 5, README of fastify. `GET /posts` by token, `/keys` by API key, `/basic` by password;
// `POST /posts` by `schema`, `POST /strict` by `validate`.
import { problems, protect, validate } from '@countersign/fastify'
import Fastify from 'fastify'
import { newPost, own } from './own.ts'
import { listenFastify, POSTS, type Start } from './peer.ts'

export const start: Start = async (settings) => {
  const { key, byToken, byKey, byPassword } = await own(settings)
  const app = Fastify()
  app.register(problems)
  for (const [url, policy] of [
    ['/posts', byToken],
    ['/keys', byKey],
    ['/basic', byPassword],
  ] as const)
    app.get(url, { onRequest: protect(policy) }, async () => POSTS)
  app.post<{ Body: { title: string } }>('/posts', { schema: { body: newPost } }, async ({ body }) => ({
    title: body.title,
  }))
  app.post('/strict', { preValidation: validate({ body: newPost }) }, async ({ body }) => ({ title: body.title }))
  return listenFastify(app, { apiKey: key })
}
