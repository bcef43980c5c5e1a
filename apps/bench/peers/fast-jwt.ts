// fast-jwt 6 inline in an `onRequest` hook that stays synchronous, README "createVerifier".
import { type Algorithm, createVerifier } from 'fast-jwt'
import Fastify from 'fastify'
import type { Settings } from '../settings.ts'
import { bearerToken, listenFastify, POSTS, type Start } from './peer.ts'

export const start: Start = (settings) => serve(settings, {})

export function serve(settings: Settings, more: { cache?: number }) {
  const { algorithm, issuer, audience, secret, publicKey } = settings
  const verify = createVerifier({
    key: (secret ?? publicKey) as string,
    algorithms: [algorithm as Algorithm],
    allowedIss: issuer,
    allowedAud: audience,
    requiredClaims: ['iss', 'aud', 'exp'],
    ...more,
  })
  const app = Fastify()
  app.addHook('onRequest', (request, reply, done) => {
    try {
      verify(bearerToken(request.headers.authorization) ?? '')
    } catch {
      reply.code(401).header('www-authenticate', 'Bearer').send({ error: 'unauthorized' })
      return
    }
    done()
  })
  app.get('/posts', async () => POSTS)
  return listenFastify(app)
}
