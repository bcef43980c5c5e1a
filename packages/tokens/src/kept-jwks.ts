import { hash } from 'node:crypto'
import type { Maybe } from '@countersign/http'
import { type PublishedKey, publishedKeys } from './jwks-document.ts'
import type { StoreLike } from './store-like.ts'

/** Where the last good keys are kept: any `Store` of `@countersign/store` fits. */
export type KeptStore = Pick<StoreLike, 'get' | 'commit'>

/** The last good key set of one issuer, as another process may have fetched it. */
export interface KeptJwks {
  /** Best effort: the keys are here already. `at` is epoch milliseconds. */
  keep(keys: readonly PublishedKey[], at: number): void
  /** What was fetched within `keptFor` milliseconds before `now`, or `undefined`. Never rejects. */
  last(now: number): Promise<{ readonly keys: readonly PublishedKey[]; readonly at: number } | undefined>
}

/** Milliseconds that a store may take: nobody waits longer for what is only better than nothing. */
const STORE_TIMEOUT = 1000
/** Milliseconds that the clock of the process that kept them may be ahead. */
const AHEAD = 60_000

interface Row {
  readonly issuer?: unknown
  readonly jwksUri?: unknown
  readonly at?: unknown
  readonly keys?: unknown
}

export function keptJwks(store: KeptStore, issuer: string, jwksUri: string | undefined, keptFor: number): KeptJwks {
  const name = hash('sha256', JSON.stringify([issuer, jwksUri]), 'base64url').slice(0, 22)
  const key = `tokens:jwks:${name}`

  return {
    keep(keys, at) {
      const row = { issuer, jwksUri, at, keys: keys.map(({ jwk }) => jwk) }
      quietly(() => store.commit([{ key, value: JSON.stringify(row), expiresAt: at + keptFor }]))
    },
    async last(now) {
      const entry = await quietly(() => store.get(key))
      if (!entry) return undefined
      try {
        const row = JSON.parse(entry.value) as Row
        const { at } = row
        if (row.issuer !== issuer || row.jwksUri !== jwksUri || typeof at !== 'number') return undefined
        if (at - now > AHEAD) return undefined
        // Judged again: a store is not where a key becomes good.
        return { keys: publishedKeys({ keys: row.keys }, 'what was kept'), at: Math.min(at, now) }
      } catch {
        return undefined
      }
    },
  }
}

/** What the store says in time; `undefined` when it fails. */
async function quietly<T>(ask: () => Maybe<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, STORE_TIMEOUT, undefined).unref()
  })
  try {
    return await Promise.race([ask(), late])
  } catch {
    return undefined
  } finally {
    clearTimeout(timer)
  }
}
