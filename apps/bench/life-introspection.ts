// Opaque tokens, judged by an endpoint in another process.
import { randomBytes } from 'node:crypto'
import { isAuthError } from '@countersign/http'
import { introspection } from '@countersign/tokens'
import { inFlight, type Lane } from './life-lanes.ts'
import type { PartOptions, Prepared } from './life-parts.ts'

export const WIDTH = 16
const CACHED = 512

export async function prepare({ endpoint }: PartOptions): Promise<Prepared> {
  const options = { endpoint, client: { id: 'api', secret: 'secret' }, audience: 'https://api.example' }
  const asking = introspection({ ...options, cache: false })
  const remembering = introspection({ ...options, cache: { seconds: 300 } })
  const held = Array.from({ length: CACHED }, () => Buffer.from(randomBytes(32).toString('base64url')))
  for (const token of held) await remembering.verify(token.toString('latin1'))
  let batch: string[] = []
  let at = 0
  const hit: Lane = {
    name: 'remembered',
    slice: 8,
    least: 256,
    ready: (count) => {
      batch = Array.from({ length: count }, () => (held[at++ % CACHED] as Buffer).toString('latin1'))
    },
    run: (count) => {
      for (let i = 0; i < count; i++) {
        const judged = remembering.verify(batch[i] as string)
        if (judged === undefined || judged instanceof Promise || isAuthError(judged))
          throw new Error('a token was not remembered')
      }
      return undefined
    },
  }
  const miss: Lane = {
    name: 'asked',
    slice: 60,
    least: 64,
    ready: (count) => {
      batch = Array.from({ length: count }, () => randomBytes(32).toString('base64url'))
    },
    run: (count) =>
      inFlight(count, WIDTH, async () => {
        const judged = await asking.verify(batch.pop() as string)
        if (judged === undefined || isAuthError(judged)) throw new Error('a good token was refused')
      }),
  }
  return { lanes: [miss, hit] }
}
