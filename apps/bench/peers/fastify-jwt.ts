// @fastify/jwt 10, README "Usage" (a hook with `jwtVerify`), "Verify-only mode" and "verify".
import fastifyJwt, { type FastifyJWTOptions } from '@fastify/jwt'
import Fastify from 'fastify'
import type { Settings } from '../settings.ts'
import { listenFastify, POSTS, type Start } from './peer.ts'

export const start: Start = (settings) => serve(settings, {})

export function serve(settings: Settings, more: NonNullable<FastifyJWTOptions['verify']>) {
  const { algorithm, issuer, audience, secret, publicKey } = settings
  const app = Fastify()
  app.register(fastifyJwt, {
    secret: secret ?? { public: publicKey as string },
    verify: { algorithms: [algorithm], allowedIss: issuer, allowedAud: audience, ...more },
  } as FastifyJWTOptions)
  app.addHook('onRequest', async (request, reply) => {
    try {
      await request.jwtVerify()
    } catch (error) {
      reply.send(error)
    }
  })
  app.get('/posts', async () => POSTS)
  return listenFastify(app)
}
