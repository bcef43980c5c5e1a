/** Verified tokens, by the SHA-256 of the whole token. Bounded; the oldest goes first, sooner when it has expired. */
export interface VerifiedCache<T> {
  get(digest: string): T | undefined
  set(digest: string, value: T, now: number): void
  delete(digest: string): void
}

/** `expiryOf` a value is epoch milliseconds: an entry outlives it only until the next ones come in. */
export function verifiedCache<T>(entries: number, expiryOf: (value: T) => number): VerifiedCache<T> {
  const held = new Map<string, T>()
  return {
    get: (digest) => held.get(digest),
    delete: (digest) => void held.delete(digest),
    set(digest, value, now) {
      held.delete(digest)
      // Two looked at for each one added: what has expired leaves faster than anything comes.
      let looked = 0
      for (const [oldest, old] of held) {
        if (held.size < entries && (expiryOf(old) > now || looked === 2)) break
        held.delete(oldest)
        looked++
      }
      held.set(digest, value)
    },
  }
}

/** No memory at all. */
export const NO_CACHE: VerifiedCache<never> = { get: () => undefined, set: () => {}, delete: () => {} }
