// Fastify 5's own validation, docs "Validation and Serialization". Validates `POST /posts`.
import Fastify from 'fastify'
import { POST_SCHEMA } from '../post.ts'
import { listenFastify, type Start } from './peer.ts'

export const start: Start = () => {
  const app = Fastify()
  app.post<{ Body: { title: string } }>('/posts', { schema: { body: POST_SCHEMA } }, async ({ body }) => ({
    title: body.title,
  }))
  return listenFastify(app)
}
