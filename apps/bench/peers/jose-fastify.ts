// jose 6 inline in an `onRequest` hook, docs "jwtVerify" with a key of `importSPKI`.
import Fastify from 'fastify'
import { jwtVerify } from 'jose'
import { joseKey } from './jose-key.ts'
import { bearerToken, listenFastify, POSTS, type Start } from './peer.ts'

export const start: Start = async (settings) => {
  const { algorithm, issuer, audience } = settings
  const key = await joseKey(settings)
  const options = { issuer, audience, algorithms: [algorithm] }
  const app = Fastify()
  app.addHook('onRequest', async (request, reply) => {
    try {
      await jwtVerify(bearerToken(request.headers.authorization) ?? '', key, options)
    } catch {
      return reply.code(401).header('www-authenticate', 'Bearer').send({ error: 'unauthorized' })
    }
  })
  app.get('/posts', async () => POSTS)
  return listenFastify(app)
}
