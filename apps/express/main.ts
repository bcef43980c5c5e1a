import { inventory } from '@countersign/express'
import { serve } from '@sample/domain'
import express from 'express'
import { expressHost } from './app.ts'

await serve((sample) => {
  const app = express()
  const server = expressHost(app, sample)
  inventory(app, { undeclared: 'refuse' }) // it does not start with a route that holds no policy
  return server
})
