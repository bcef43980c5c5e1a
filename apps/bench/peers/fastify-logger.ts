// Fastify 5, docs "Logging", `stream`: two lines a request; the route is behind the same policy.
import { problems, protect } from '@countersign/fastify'
import Fastify from 'fastify'
import { destination, written } from './audited.ts'
import { readers } from './own.ts'
import { listenFastify, POSTS, type Start } from './peer.ts'

export const start: Start = async (settings) => {
  const file = destination(settings)
  const app = Fastify({ logger: { level: 'info', stream: file } })
  app.register(problems)
  app.get('/posts', { onRequest: protect(await readers(settings)) }, async () => POSTS)
  return written(await listenFastify(app), file)
}
