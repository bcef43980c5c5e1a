import { hash } from 'node:crypto'
import { Unavailable } from '@countersign/http'
import type { StoreLike } from './store-like.ts'

/** How old, in milliseconds, what is known of revocations may be before a token is judged by it. */
export const FRESH_FOR = 2000
const FEED = 'the feed of revocations'

/** One thing that is revoked, until `expiresAt` (epoch milliseconds): a token by `jti`, a session by `sid`. */
export interface Revoked {
  readonly kind: 'jti' | 'sid'
  readonly id: string
  readonly expiresAt: number
}

/** The revocations that are in force, in memory, fed by the store's `watch`. */
export interface Revocations {
  /** Starts to follow the store. */
  start(): Promise<void>
  /**
   * Sees to it that what is known is 2 s old at most: a promise when the store takes its time, which rejects with
   * `Unavailable` when it does not answer.
   */
  ready(): Promise<void> | undefined
  has(kind: Revoked['kind'], id: string): boolean
  /** The writes that make these revocations last; commit them, then `apply`. */
  writes(revoked: readonly Revoked[]): { key: string; value: string; expiresAt: number }[]
  /** Makes them hold in this process at once. */
  apply(revoked: readonly Revoked[]): void
  /** How many are held: bounded by what is in force. */
  size(): number
}

/** A row that says nothing may be anybody's: nothing is judged before it is mended. */
function namesOf(value: string): readonly [kind: string, id: string] {
  try {
    const name: unknown = JSON.parse(value)
    const colon = typeof name === 'string' ? name.indexOf(':') : -1
    if (colon > 0) return [(name as string).slice(0, colon), (name as string).slice(colon + 1)]
  } catch {}
  throw new Unavailable(FEED, { cause: new Error('a revocation in the store cannot be read') })
}

export function revocations(store: StoreLike, prefix: string, clock: () => number): Revocations {
  // A map for each kind: looking up costs no new text.
  const jti = new Map<string, number>()
  const sid = new Map<string, number>()
  const held: Readonly<Record<string, Map<string, number>>> = { jti, sid }
  let sweepAt = 1024
  let watch: Awaited<ReturnType<StoreLike['watch']>> | undefined
  let starting: Promise<void> | undefined
  let catchingUp: Promise<void> | undefined

  const size = () => jti.size + sid.size

  function hold(kind: string, id: string, expiresAt: number): void {
    const ids = Object.hasOwn(held, kind) ? held[kind] : undefined
    // Written by a newer version: what it revokes is not known here, so nothing may pass.
    if (!ids)
      throw new Unavailable(FEED, {
        cause: new Error('a revocation in the store is of a kind that this version does not know'),
      })
    ids.set(id, Math.max(expiresAt, ids.get(id) ?? 0))
    if (size() < sweepAt) return
    const now = clock()
    for (const each of [jti, sid]) for (const [old, end] of each) if (end <= now) each.delete(old)
    sweepAt = Math.max(1024, 2 * size())
  }

  async function follow(): Promise<void> {
    watch = await store.watch(prefix, (_key, entry) => {
      // A deletion undoes nothing: entries end by their date.
      if (entry) hold(...namesOf(entry.value), entry.expiresAt ?? Number.POSITIVE_INFINITY)
    })
  }

  function isFresh(): boolean {
    return watch !== undefined && performance.now() - watch.freshAt <= FRESH_FOR
  }

  return {
    start() {
      starting ??= follow().catch((error: unknown) => {
        starting = undefined
        throw error
      })
      return starting
    },
    ready() {
      if (isFresh()) return undefined
      if (catchingUp) return catchingUp
      try {
        const wait = watch?.catchUp()
        if (!(wait instanceof Promise)) return isFresh() ? undefined : Promise.reject(new Unavailable(FEED))
        catchingUp = wait
          .then(() => {
            if (!isFresh()) throw new Unavailable(FEED)
          })
          .finally(() => {
            catchingUp = undefined
          })
        return catchingUp
      } catch (error) {
        return Promise.reject(error)
      }
    },
    has(kind, id) {
      const end = (kind === 'jti' ? jti : sid).get(id)
      return end !== undefined && end > clock()
    },
    writes: (revoked) =>
      revoked.map(({ kind, id, expiresAt }) => ({
        key: `${prefix}${kind}:${hash('sha256', id, 'base64url')}`,
        value: JSON.stringify(`${kind}:${id}`),
        expiresAt,
      })),
    apply(revoked) {
      for (const { kind, id, expiresAt } of revoked) hold(kind, id, expiresAt)
    },
    size,
  }
}
