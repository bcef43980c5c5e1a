// The cache of verified tokens under few tokens and many, HS256. One process for all rounds: it is filled once.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Lane } from './life-lanes.ts'
import type { PartOptions, Prepared } from './life-parts.ts'
import { signer } from './settings.ts'
import { VERIFIERS, type Verify } from './verifiers.ts'

const MANY = 1_000_000
/** Coprime to the sizes: tokens that were verified one after the other come back far from each other. */
const STRIDE = 7919
const SIZE = { slice: 8, least: 512 }

export async function prepare({ quick }: PartOptions): Promise<Prepared> {
  const many = quick ? 20_000 : MANY
  const gc = collector()
  const { settings, token } = signer('HS256')
  const iat = Math.floor(Date.now() / 1000)
  const dates = { iat, exp: iat + 6 * 3600 }
  const judged = (verify: Verify, one: string) => {
    if (verify(one) !== true) throw new Error('a good token was refused, or not at once')
  }
  const lanes: Lane[] = []
  const bytes: Record<string, number> = {}
  const add = (verify: Verify, tokens: number, name: string) => {
    let number = 0
    let batch: string[] = []
    lanes.push({
      name,
      ...SIZE,
      ready: (count) => {
        batch = Array.from({ length: count }, () => token((number += STRIDE) % tokens, dates))
      },
      run: (count) => {
        for (let at = 0; at < count; at++) judged(verify, batch[at] as string)
        return undefined
      },
    })
  }
  const cached = VERIFIERS['countersign, its cache']
  const sizes = [
    ...[1, 10_000].map((tokens) => ({ tokens, entries: 10_000 })),
    { tokens: many, entries: many },
    { tokens: many, entries: many / 100 },
  ]
  for (const { tokens, entries } of sizes) {
    const name = `${said(tokens)} in a cache of ${said(entries)}`
    const verify = await cached(settings, entries)
    judged(verify, token(0, dates))
    const before = gc()
    for (let at = 0; at < tokens; at++) judged(verify, token(at, dates))
    bytes[name] = gc() - before
    add(verify, tokens, name)
  }
  add(await VERIFIERS.countersign(settings), many, 'no cache')
  return { lanes, bytes }
}

function said(count: number): string {
  return count === 1 ? '1 token' : count.toLocaleString('en')
}

/** Collects what is garbage; gives the bytes that are held. */
function collector(): () => number {
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as () => void
  return () => {
    gc()
    gc()
    const { heapUsed, external } = process.memoryUsage()
    return heapUsed + external
  }
}
