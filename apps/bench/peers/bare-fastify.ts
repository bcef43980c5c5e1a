// Fastify 5 with no protection at all: what the others are compared to.
import Fastify from 'fastify'
import { listenFastify, POSTS, type Start } from './peer.ts'

export const start: Start = () => {
  const app = Fastify()
  app.get('/posts', async () => POSTS)
  app.post<{ Body: { title: string } }>('/posts', async ({ body }) => ({ title: body.title }))
  return listenFastify(app)
}
