import { hash as digest, randomBytes } from 'node:crypto'

export interface CacheOptions {
  /** Seconds that a success counts: 1 to 60, 60 by default. */
  readonly seconds?: number
  /** Successes held: 1000 by default. The oldest makes room. */
  readonly entries?: number
}

/** Remembers which passwords were right a moment ago. It holds no password and no user: only keyed digests and times. */
export interface VerifiedCache {
  /** True when this was right a moment ago; else what `prove` finds, asked once for all who ask meanwhile. */
  remember(username: string, password: string, hash: string, prove: () => Promise<boolean>): true | Promise<boolean>
  /** Whether this was right a moment ago, for some stored hash: asked before the user is looked up. */
  knows(username: string, password: string): boolean
  /** Whether this was right a moment ago for this stored hash. */
  isRight(username: string, password: string, hash: string): boolean
  /** The same, for what is proven at one place: what was right elsewhere tells nobody there anything. */
  at(place: string): VerifiedCache
}

/** In place of a stored hash; none is empty. */
const ANY = ''

export function verifiedCache(options: CacheOptions, clock: () => number): VerifiedCache {
  const { seconds = 60, entries = 1000 } = options
  const lifetime = seconds * 1000
  // In front of what is hashed: the digests never leave this map, so nobody can lengthen one. An HMAC costs three times as much.
  const secret = randomBytes(32).toString('base64url')
  const until = new Map<string, number>()
  const underWay = new Map<string, Promise<boolean>>()

  function isRecent(key: string): boolean {
    const left = (until.get(key) ?? 0) - clock()
    // More than a lifetime left: the clock was set back.
    if (left > 0 && left <= lifetime) return true
    until.delete(key)
    return false
  }

  // Lengths first, so that no two of these spell the same text; the hash, so that a new password ends the old one.
  function keyOf(place: string, username: string, password: string, hash: string): string {
    const lengths = `${place.length}:${username.length}:${password.length}`
    const text = `${secret}${lengths}:${place}${username}${password}${hash}`
    return digest('sha256', text, 'base64url')
  }

  function hold(key: string): void {
    until.set(key, clock() + lifetime)
    // Two keys for each success.
    if (until.size > 2 * entries) until.delete(until.keys().next().value as string)
  }

  async function proveOnce(key: string, anyHash: string, prove: () => Promise<boolean>): Promise<boolean> {
    try {
      const right = await prove()
      if (right) {
        hold(anyHash)
        hold(key)
      }
      return right
    } finally {
      underWay.delete(key)
    }
  }

  const at = (place: string): VerifiedCache => ({
    remember(username, password, hash, prove) {
      const key = keyOf(place, username, password, hash)
      if (isRecent(key)) return true
      const pending = underWay.get(key) ?? proveOnce(key, keyOf(place, username, password, ANY), prove)
      underWay.set(key, pending)
      return pending
    },
    knows: (username, password) => isRecent(keyOf(place, username, password, ANY)),
    isRight: (username, password, hash) => isRecent(keyOf(place, username, password, hash)),
    at,
  })
  return at('')
}
