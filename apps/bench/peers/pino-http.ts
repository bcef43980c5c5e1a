// pino-http 11, README "Use as Express middleware", its stream as the second argument; the route is behind the same policy.
import { problems, protect } from '@countersign/express'
import express from 'express'
import { pinoHttp } from 'pino-http'
import { destination, written } from './audited.ts'
import { readers } from './own.ts'
import { listen, POSTS, type Start } from './peer.ts'

export const start: Start = async (settings) => {
  const file = destination(settings)
  const app = express()
  app.use(pinoHttp({}, file))
  app.get('/posts', protect(await readers(settings)), (_request, response) => {
    response.json(POSTS)
  })
  app.use(problems())
  return written(await listen(app), file)
}
