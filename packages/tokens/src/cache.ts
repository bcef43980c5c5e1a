/**
 * Verified tokens, by the SHA-256 of the whole token. Bounded; the oldest goes first, sooner when it has expired. Once it is
 * full a token must come twice: who sends each of theirs once then costs next to nothing, and drives nobody else's out.
 */
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
  const seenOnce = sightings(entries)

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
      const isFull = held.size >= entries && expiryOf(held.get(order[first] as string) ?? value) > now
      if (isFull && !seenOnce(digest)) return
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

/**
 * Whether a digest came before, among the last `entries` at most: what returns later than that would be gone again by then.
 * A few in a hundred are thought to have come that did not, which costs a place and nothing else.
 */
function sightings(entries: number): (digest: string) => boolean {
  const bits = 1 << Math.min(27, Math.max(5, Math.ceil(Math.log2(entries)) + 5))
  let young: Uint32Array | undefined
  let old: Uint32Array = new Uint32Array(0)
  let count = 0
  return (digest) => {
    if (!young || count >= entries / 2) {
      old = young ?? new Uint32Array(bits >> 5)
      young = new Uint32Array(bits >> 5)
      count = 0
    }
    // Four bytes of a SHA-256 are as good as a hash of it.
    const at =
      (digest.charCodeAt(0) |
        (digest.charCodeAt(1) << 8) |
        (digest.charCodeAt(2) << 16) |
        (digest.charCodeAt(3) << 24)) &
      (bits - 1)
    const word = at >>> 5
    const bit = 1 << (at & 31)
    const came = (((young[word] as number) | (old[word] as number)) & bit) !== 0
    if (!came) {
      young[word] = (young[word] as number) | bit
      count++
    }
    return came
  }
}
