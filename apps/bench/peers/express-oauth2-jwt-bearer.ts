// express-oauth2-jwt-bearer 1, README "JWTs verified with a static public key" and, for HS256, "… symmetric
// algorithms"; told no key, "Library Initialization", where it fetches them; the scope as in its EXAMPLES.
import express from 'express'
import { type AuthOptions, auth, requiredScopes } from 'express-oauth2-jwt-bearer'
import { SCOPE, type Settings } from '../settings.ts'
import { listen, POSTS, refuse, type Start } from './peer.ts'

export const start: Start = (settings) => serve(settings, {})

export function serve({ algorithm, issuer, audience, secret, publicKey }: Settings, more: AuthOptions) {
  const app = express()
  const key = secret ? { secret } : { publicKey: publicKey as string }
  const told = secret || publicKey ? { issuer, tokenSigningAlg: algorithm, ...key } : { issuerBaseURL: issuer }
  app.get('/posts', auth({ audience, ...told, ...more }), requiredScopes(SCOPE), (_request, response) => {
    response.json(POSTS)
  })
  app.use(refuse)
  return listen(app)
}
