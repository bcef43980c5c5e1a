// Express 5 with no protection at all: what the others are compared to. Ours has the same routes, in the same order: a router
// looks at each that stands before.
import express from 'express'
import { listen, POSTS, type Start } from './peer.ts'

export const start: Start = () => {
  const app = express()
  for (const path of ['/posts', '/keys', '/basic'])
    app.get(path, (_request, response) => {
      response.json(POSTS)
    })
  for (const path of ['/posts', '/strict'])
    app.post(path, express.json(), (request, response) => {
      response.json({ title: request.body.title })
    })
  return listen(app)
}
