// Countersign on Express 5, README of express. `GET /posts` by token, `/keys` by API key, `/basic` by password;
// `POST /posts` checks what express.json() parsed, `POST /strict` reads the body itself.
import { problems, protect, validate } from '@countersign/express'
import express from 'express'
import { newPost, own } from './own.ts'
import { listen, POSTS, type Start } from './peer.ts'

export const start: Start = async (settings) => {
  const { key, byToken, byKey, byPassword } = await own(settings)
  const app = express()
  for (const [path, policy] of [
    ['/posts', byToken],
    ['/keys', byKey],
    ['/basic', byPassword],
  ] as const)
    app.get(path, protect(policy), (_request, response) => {
      response.json(POSTS)
    })
  app.post('/posts', express.json(), validate({ body: newPost }), (request, response) => {
    response.json({ title: request.body.title })
  })
  app.post('/strict', validate({ body: newPost }), (request, response) => {
    response.json({ title: request.body.title })
  })
  app.use(problems())
  return listen(app, { apiKey: key })
}
