// Countersign on Express 5, README of audit-log: a route behind a policy, every decision in a file.
import { problems, protect } from '@countersign/express'
import express from 'express'
import type { Settings } from '../settings.ts'
import { logged, logTo } from './audited.ts'
import { readers } from './own.ts'
import { listen, POSTS, type Start } from './peer.ts'

export const start: Start = (settings) => serve(settings, false)

export async function serve(settings: Settings, chained: boolean) {
  const guard = protect(await readers(settings))
  const log = logTo(settings, chained)
  const app = express()
  app.get('/posts', guard, (_request, response) => {
    response.json(POSTS)
  })
  app.use(problems())
  return logged(await listen(app), log)
}
