// express-jwt 8, README "Usage", "Additional Options" (audience and issuer) and "Error handling": the key as PEM.
import express from 'express'
import { expressjwt, type Params } from 'express-jwt'
import type { Settings } from '../settings.ts'
import { listen, POSTS, refuse, type Start } from './peer.ts'

export const start: Start = (settings) => serve(settings, settings.secret ?? Buffer.from(settings.publicKey as string))

export function serve({ algorithm, issuer, audience }: Settings, secret: Params['secret']) {
  const app = express()
  const algorithms = [algorithm] as Params['algorithms']
  app.get('/posts', expressjwt({ secret, algorithms, audience, issuer }), (_request, response) => {
    response.json(POSTS)
  })
  app.use(refuse)
  return listen(app)
}
