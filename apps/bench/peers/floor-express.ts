// The floor: a verifier on node:crypto, inline in a middleware.
import express from 'express'
import { type FloorVerifier, floor } from '../floor.ts'
import { bearerToken, listen, POSTS, type Start } from './peer.ts'

export const start: Start = (settings) => serve(floor(settings))

export function serve(judge: FloorVerifier, goOn: (next: () => void) => void = (next) => next()) {
  const app = express()
  app.use((request, response, next) => {
    const token = bearerToken(request.headers.authorization)
    if (token && judge(token)) return goOn(next)
    response.status(401).set('www-authenticate', 'Bearer').json({ error: 'unauthorized' })
  })
  app.get('/posts', (_request, response) => {
    response.json(POSTS)
  })
  return listen(app)
}
