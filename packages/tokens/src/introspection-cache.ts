/** What the endpoint said of tokens, by their SHA-256. Bounded in entries and time. */
export interface IntrospectionCache<T> {
  get(digest: string): T | 'inactive' | undefined
  /** `expiresAt` is in epoch seconds: nothing is remembered past it. */
  keep(digest: string, value: T, expiresAt: number | undefined): void
  /** The endpoint said no. */
  refuse(digest: string): void
}

/** Milliseconds that a no is remembered at most: a token that is about to become active does not wait long. */
const NEGATIVE = 10_000

/**
 * Intervals are monotonic, `exp` is by the clock: a clock that is set back makes nothing last longer than `seconds`. A no
 * has a place of its own, so that a flood of made-up tokens does not drive out good ones. 0 seconds: nothing is remembered.
 */
export function introspectionCache<T>(options: {
  readonly seconds: number
  readonly entries: number
  readonly clock: () => number
}): IntrospectionCache<T> {
  const { seconds, entries, clock } = options
  const good = new Map<string, { readonly value: T; readonly until: number; readonly end: number }>()
  const bad = new Map<string, number>()

  return {
    get(digest) {
      const now = performance.now()
      const known = good.get(digest)
      if (known) {
        if (now < known.until && clock() < known.end) return known.value
        good.delete(digest)
      }
      const until = bad.get(digest)
      if (until === undefined) return undefined
      if (now < until) return 'inactive'
      bad.delete(digest)
      return undefined
    },
    keep(digest, value, expiresAt) {
      const end = expiresAt === undefined ? Number.POSITIVE_INFINITY : expiresAt * 1000
      put(good, digest, { value, until: performance.now() + seconds * 1000, end })
    },
    refuse: (digest) => put(bad, digest, performance.now() + Math.min(seconds * 1000, NEGATIVE)),
  }

  /** The oldest goes: it is the next to end anyway. */
  function put<V>(map: Map<string, V>, digest: string, value: V): void {
    if (entries === 0) return
    map.delete(digest)
    for (const oldest of map.keys()) {
      if (map.size < entries) break
      map.delete(oldest)
    }
    map.set(digest, value)
  }
}
