// express-oauth2-jwt-bearer 1, README "JWTs verified with a static public key" and, for HS256, "… symmetric
// algorithms"; the scope as in its EXAMPLES.
import express from 'express'
import { auth, requiredScopes } from 'express-oauth2-jwt-bearer'
import { SCOPE } from '../settings.ts'
import { listen, POSTS, refuse, type Start } from './peer.ts'

export const start: Start = ({ algorithm, issuer, audience, secret, publicKey }) => {
  const app = express()
  const key = secret ? { secret } : { publicKey: publicKey as string }
  app.get(
    '/posts',
    auth({ issuer, audience, tokenSigningAlg: algorithm, ...key }),
    requiredScopes(SCOPE),
    (_request, response) => {
      response.json(POSTS)
    },
  )
  app.use(refuse)
  return listen(app)
}
