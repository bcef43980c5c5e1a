// The floor: a verifier on node:crypto, inline in an `onRequest` hook that stays synchronous.
import Fastify from 'fastify'
import { type FloorVerifier, floor } from '../floor.ts'
import { bearerToken, listenFastify, POSTS, type Start } from './peer.ts'

export const start: Start = (settings) => serve(floor(settings))

export function serve(judge: FloorVerifier) {
  const app = Fastify()
  app.addHook('onRequest', (request, reply, done) => {
    const token = bearerToken(request.headers.authorization)
    if (token && judge(token)) return done()
    reply.code(401).header('www-authenticate', 'Bearer').send({ error: 'unauthorized' })
  })
  app.get('/posts', async () => POSTS)
  return listenFastify(app)
}
