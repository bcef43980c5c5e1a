// Countersign on Fastify 5, README of rate-limits.
import { problems, protect } from '@countersign/fastify'
import Fastify from 'fastify'
import { limits } from './limits.ts'
import { listenFastify, POSTS, type Start, spent } from './peer.ts'

export const start: Start = async (settings) => {
  const { address, spent: once, caller } = await limits(settings)
  const app = Fastify()
  app.register(problems)
  for (const [url, policy] of [
    ['/address', address],
    ['/spent', once],
    ['/caller', caller],
  ] as const)
    app.get(url, { onRequest: protect(policy) }, async () => POSTS)
  return spent(await listenFastify(app))
}
