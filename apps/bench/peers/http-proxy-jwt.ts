// @fastify/http-proxy 11, README "preHandler" ("can be used for authentication"), with @fastify/jwt 10 and its cache.

import proxy from '@fastify/http-proxy'
import fastifyJwt, { type FastifyJWTOptions } from '@fastify/jwt'
import Fastify from 'fastify'
import { ENTRIES } from '../entries.ts'
import { listenFastify, type Start } from './peer.ts'

export const start: Start = ({ algorithm, issuer, audience, publicKey, upstream }) => {
  const app = Fastify()
  app.register(fastifyJwt, {
    secret: { public: publicKey as string },
    verify: { algorithms: [algorithm], allowedIss: issuer, allowedAud: audience, cache: ENTRIES },
  } as FastifyJWTOptions)
  app.register(proxy, {
    prefix: '/posts',
    rewritePrefix: '/posts',
    upstream: upstream as string,
    async preHandler(request, reply) {
      try {
        await request.jwtVerify()
      } catch (error) {
        reply.send(error)
      }
    },
  })
  return listenFastify(app)
}
