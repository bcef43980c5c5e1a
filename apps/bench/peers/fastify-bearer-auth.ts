// @fastify/bearer-auth 10, README "Example": a set of keys. It knows no tokens.
import bearerAuth from '@fastify/bearer-auth'
import Fastify from 'fastify'
import { listenFastify, POSTS, type Start } from './peer.ts'

export const start: Start = ({ keys = [] }) => {
  const app = Fastify()
  app.register(bearerAuth, { keys: new Set(keys) })
  app.get('/posts', async () => POSTS)
  return listenFastify(app)
}
