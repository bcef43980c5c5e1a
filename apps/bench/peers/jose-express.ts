// jose 6 inline in a middleware, docs "jwtVerify" with a key of `importSPKI`.
import express from 'express'
import { jwtVerify } from 'jose'
import { joseKey } from './jose-key.ts'
import { bearerToken, listen, POSTS, type Start } from './peer.ts'

export const start: Start = async (settings) => {
  const { algorithm, issuer, audience } = settings
  const key = await joseKey(settings)
  const options = { issuer, audience, algorithms: [algorithm] }
  const app = express()
  app.use(async (request, response, next) => {
    try {
      await jwtVerify(bearerToken(request.headers.authorization) ?? '', key, options)
    } catch {
      response.status(401).set('www-authenticate', 'Bearer').json({ error: 'unauthorized' })
      return
    }
    next()
  })
  app.get('/posts', (_request, response) => {
    response.json(POSTS)
  })
  return listen(app)
}
