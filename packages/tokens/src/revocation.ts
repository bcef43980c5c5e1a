import { hash } from 'node:crypto'
import { unreadable } from './feed.ts'
import { type NameFilter, nameFilter } from './name-filter.ts'

/** What is revoked: a token, a session, everything of a subject up to a moment, everything that a key signed. */
export type RevokedKind = 'jti' | 'sid' | 'sub' | 'kid'

/** One revocation, until `expiresAt` (epoch milliseconds). */
export interface Revoked {
  readonly kind: RevokedKind
  readonly id: string
  readonly expiresAt: number
  /** Of `sub`: tokens with an `iat` up to this (epoch seconds) are refused. */
  readonly before?: number
}

/** What a token can be revoked by. */
export interface RevocableNames {
  readonly jti: string | undefined
  readonly sid: string | undefined
  readonly sub: string
  readonly kid: string | undefined
  /** Epoch seconds. */
  readonly iat: number | undefined
}

interface RevocationWrite {
  readonly key: string
  readonly value: string
  readonly expiresAt: number
}

/** The revocations that are in force, in memory. Looking one up asks nobody. */
export interface Revocations {
  /** Changes when something is added: until then whoever was not revoked is not. */
  revision(): number
  isRevoked(names: RevocableNames): boolean
  /** The writes that make these revocations last and known elsewhere; commit them, then `apply`. */
  writes(revoked: readonly Revoked[]): RevocationWrite[]
  /** Makes them hold in this process at once. */
  apply(revoked: readonly Revoked[]): void
  /** Takes a row of the feed. Throws `Unavailable` for one that cannot be read. */
  take(value: string, expiresAt: number | undefined): void
  /** How many are held: bounded by what is in force. */
  size(): number
}

/** Held this many at least before what has ended is looked for. */
const SWEEP = 1024
/** Held from which on a filter is worth its 2 MB. */
const MANY = 4096

/** `tellSession` hears of each session that is revoked, here or elsewhere, when this process does. */
export function revocations(prefix: string, clock: () => number, tellSession?: (sid: string) => void): Revocations {
  // A map for each kind: looking up makes no new text. Ends in whole seconds, which take no room of their own.
  const ends = { jti: new Map<string, number>(), sid: new Map<string, number>(), kid: new Map<string, number>() }
  const subjects = new Map<string, { readonly before: number; readonly end: number }>()
  let sweepAt = SWEEP
  // Made once there are many: few fit into a processor's cache anyway.
  let filter: NameFilter | undefined
  let revision = 0

  const size = () => ends.jti.size + ends.sid.size + ends.kid.size + subjects.size

  function hold({ kind, id, expiresAt, before }: Revoked): void {
    revision++
    const end = Math.ceil(expiresAt / 1000)
    if (kind === 'sub') {
      const known = subjects.get(id)
      subjects.set(id, { before: Math.max(before ?? 0, known?.before ?? 0), end: Math.max(end, known?.end ?? 0) })
    } else {
      ends[kind].set(id, Math.max(end, ends[kind].get(id) ?? 0))
      filter?.add(id)
    }
    if (kind === 'sid') tellSession?.(id)
    if (size() >= sweepAt) sweep()
  }

  function sweep(): void {
    const now = clock() / 1000
    for (const each of Object.values(ends)) for (const [id, end] of each) if (end <= now) each.delete(id)
    for (const [id, { end }] of subjects) if (end <= now) subjects.delete(id)
    sweepAt = Math.max(SWEEP, 2 * size())
    filter = size() < MANY ? undefined : nameFilter()
    if (filter) for (const each of Object.values(ends)) for (const id of each.keys()) filter.add(id)
  }

  function holds(kind: keyof typeof ends, id: string | undefined): boolean {
    if (id === undefined || ends[kind].size === 0 || filter?.mayHave(id) === false) return false
    const end = ends[kind].get(id)
    return end !== undefined && end * 1000 > clock()
  }

  function holdsSubject(sub: string, iat: number | undefined): boolean {
    const held = subjects.size === 0 ? undefined : subjects.get(sub)
    return held !== undefined && held.end * 1000 > clock() && (iat === undefined || iat <= held.before)
  }

  return {
    revision: () => revision,
    isRevoked: ({ jti, sid, sub, kid, iat }) =>
      holds('jti', jti) || holds('sid', sid) || holdsSubject(sub, iat) || holds('kid', kid),
    writes: (revoked) =>
      revoked.map(({ kind, id, expiresAt, before }) => ({
        key: `${prefix}${kind}:${hash('sha256', id, 'base64url')}`,
        value: JSON.stringify(before === undefined ? [kind, id] : [kind, id, before]),
        expiresAt,
      })),
    apply(revoked) {
      for (const each of revoked) hold(each)
    },
    take: (value, expiresAt = Number.POSITIVE_INFINITY) => hold({ ...namesOf(value), expiresAt }),
    size,
  }
}

const KINDS: readonly unknown[] = ['jti', 'sid', 'sub', 'kid'] satisfies RevokedKind[]

/** Each text of its own: a part of a longer one would keep that in memory. */
function namesOf(value: string): Omit<Revoked, 'expiresAt'> {
  let row: unknown
  try {
    row = JSON.parse(value)
  } catch {}
  if (!Array.isArray(row) || typeof row[1] !== 'string') throw unreadable('a revocation in the store cannot be read')
  const [kind, id, before] = row
  if (!KINDS.includes(kind) || (kind === 'sub') !== Number.isSafeInteger(before))
    throw unreadable('a revocation in the store is of a kind that this version does not know')
  return { kind, id, ...(before !== undefined && { before }) }
}
