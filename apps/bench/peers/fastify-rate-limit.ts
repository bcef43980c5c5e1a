// @fastify/rate-limit 11, README "Options on the endpoint itself", `hook` and `keyGenerator`; `/caller` behind our policy.
import { protect } from '@countersign/fastify'
import rateLimit from '@fastify/rate-limit'
import Fastify, { type FastifyRequest } from 'fastify'
import { DAY, FAR, limits } from './limits.ts'
import { listenFastify, POSTS, type Start, spent } from './peer.ts'

export const start: Start = async (settings) => {
  const { plain } = await limits(settings)
  const app = Fastify()
  await app.register(rateLimit, { global: false })
  const keyGenerator = (request: FastifyRequest) => plain.principal(request).subject
  const far = { max: FAR, timeWindow: 60_000 }
  app.get('/address', { config: { rateLimit: far } }, async () => POSTS)
  app.get('/spent', { config: { rateLimit: { max: 1, timeWindow: DAY * 1000 } } }, async () => POSTS)
  app.get(
    '/caller',
    { onRequest: protect(plain), config: { rateLimit: { ...far, hook: 'preHandler', keyGenerator } } },
    async () => POSTS,
  )
  return spent(await listenFastify(app))
}
