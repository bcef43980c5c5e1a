// Countersign on Express 5, README of rate-limits.
import { problems, protect } from '@countersign/express'
import express from 'express'
import { limits } from './limits.ts'
import { listen, POSTS, type Start, spent } from './peer.ts'

export const start: Start = async (settings) => {
  const { address, spent: once, caller } = await limits(settings)
  const app = express()
  for (const [path, policy] of [
    ['/address', address],
    ['/spent', once],
    ['/caller', caller],
  ] as const)
    app.get(path, protect(policy), (_request, response) => {
      response.json(POSTS)
    })
  app.use(problems())
  return spent(await listen(app))
}
