// Express 5 with no protection at all: what the others are compared to.
import express from 'express'
import { listen, POSTS, type Start } from './peer.ts'

export const start: Start = () => {
  const app = express()
  app.get('/posts', (_request, response) => {
    response.json(POSTS)
  })
  app.post('/posts', express.json(), (request, response) => {
    response.json({ title: request.body.title })
  })
  return listen(app)
}
