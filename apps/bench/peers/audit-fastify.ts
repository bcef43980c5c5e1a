// Countersign on Fastify 5, README of audit-log: a route behind a policy, every decision in a file.
import { problems, protect } from '@countersign/fastify'
import Fastify from 'fastify'
import type { Settings } from '../settings.ts'
import { logged, logTo } from './audited.ts'
import { readers } from './own.ts'
import { listenFastify, POSTS, type Start } from './peer.ts'

export const start: Start = (settings) => serve(settings, false)

export async function serve(settings: Settings, chained: boolean) {
  const guard = protect(await readers(settings))
  const log = logTo(settings, chained)
  const app = Fastify()
  app.register(problems)
  app.get('/posts', { onRequest: guard }, async () => POSTS)
  return logged(await listenFastify(app), log)
}
