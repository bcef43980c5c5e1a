/** Verified tokens, by the SHA-256 of the whole token. Bounded; the oldest goes first, sooner when it has expired. */
export interface VerifiedCache<T> {
  get(digest: string): T | undefined
  set(digest: string, value: T, now: number): void
  delete(digest: string): void
}

/** `expiryOf` a value is epoch milliseconds: an entry outlives it only until the next ones come in. */
export function verifiedCache<T>(entries: number, expiryOf: (value: T) => number): VerifiedCache<T> {
  const held = new Map<string, T>()
  // By age. A Map knows that too, but finds its first entry by walking over all that were deleted before it.
  let order: string[] = []
  let first = 0

  /** Whether the oldest entry, if it is there still, may stay. */
  function mayStay(now: number): boolean {
    const oldest = held.get(order[first] as string)
    return oldest !== undefined && held.size < entries && expiryOf(oldest) > now
  }

  function dropOldest(): void {
    held.delete(order[first++] as string)
    if (first < 1024 || first * 2 < order.length) return
    order = order.slice(first)
    first = 0
  }

  return {
    get: (digest) => held.get(digest),
    delete: (digest) => void held.delete(digest),
    set(digest, value, now) {
      // Two looked at for each one added: what has expired leaves faster than anything comes.
      for (let looked = 0; first < order.length && (looked < 2 || held.size >= entries); looked++) {
        if (mayStay(now)) break
        dropOldest()
      }
      if (!held.has(digest)) order.push(digest)
      held.set(digest, value)
    },
  }
}
