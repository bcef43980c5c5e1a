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
}

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

  async function proveOnce(key: string, prove: () => Promise<boolean>): Promise<boolean> {
    try {
      const right = await prove()
      if (right) {
        until.set(key, clock() + lifetime)
        if (until.size > entries) until.delete(until.keys().next().value as string)
      }
      return right
    } finally {
      underWay.delete(key)
    }
  }

  return {
    remember(username, password, hash, prove) {
      // Lengths first, so that no two triples spell the same text; the hash, so that a new password ends the old one.
      const key = digest(
        'sha256',
        `${secret}${username.length}:${password.length}:${username}${password}${hash}`,
        'base64url',
      )
      if (isRecent(key)) return true
      const pending = underWay.get(key) ?? proveOnce(key, prove)
      underWay.set(key, pending)
      return pending
    },
  }
}
