// Fastify 5 with no protection at all: what the others are compared to. Ours has the same routes.
import Fastify from 'fastify'
import { listenFastify, POSTS, type Start } from './peer.ts'

export const start: Start = () => {
  const app = Fastify()
  for (const path of ['/posts', '/keys', '/basic']) app.get(path, async () => POSTS)
  for (const path of ['/posts', '/strict'])
    app.post<{ Body: { title: string } }>(path, async ({ body }) => ({ title: body.title }))
  return listenFastify(app)
}
