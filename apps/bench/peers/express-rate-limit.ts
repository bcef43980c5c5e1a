// express-rate-limit 8, README "Usage" and "keyGenerator"; `/caller` behind our policy, as the route that it is compared with.
import { problems, protect } from '@countersign/express'
import express, { type Request } from 'express'
import { type Options, rateLimit } from 'express-rate-limit'
import { DAY, FAR, limits } from './limits.ts'
import { listen, POSTS, type Start, spent } from './peer.ts'

export const start: Start = async (settings) => {
  const { plain } = await limits(settings)
  const limiter = (limit: number, seconds: number, more: Partial<Options> = {}) =>
    rateLimit({ windowMs: seconds * 1000, limit, standardHeaders: 'draft-8', legacyHeaders: false, ...more })
  const keyGenerator = (request: Request) => plain.principal(request).subject
  const app = express()
  app.get('/address', limiter(FAR, 60), (_request, response) => {
    response.json(POSTS)
  })
  app.get('/spent', limiter(1, DAY), (_request, response) => {
    response.json(POSTS)
  })
  app.get('/caller', protect(plain), limiter(FAR, 60, { keyGenerator }), (_request, response) => {
    response.json(POSTS)
  })
  app.use(problems())
  return spent(await listen(app))
}
