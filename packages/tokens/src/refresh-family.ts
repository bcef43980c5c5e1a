import { type AuthError, authError, Unavailable } from '@countersign/http'
import {
  formatRefreshToken,
  hashPart,
  newHandle,
  newSecret,
  openSuccessor,
  parseRefreshToken,
  type RefreshToken,
  sameHash,
  sealSuccessor,
} from './refresh-token.ts'
import { checkRow, type SessionRow, type SessionTable } from './session-table.ts'

/** What every access token of a family says. */
export interface Grant {
  readonly subject: string
  readonly client: string
  readonly sid: string
  readonly scopes?: readonly string[]
  readonly roles?: readonly string[]
  /** Epoch seconds. */
  readonly authTime: number
  readonly claims?: Readonly<Record<string, unknown>>
  readonly device?: string
  /** The thumbprint of the key that the tokens are bound to (RFC 9449 section 6). */
  readonly jkt?: string
}

/** Seconds. */
export interface RefreshTimes {
  readonly sliding: number
  readonly absolute: number
  readonly grace: number
}

/** What `data` of a session's row holds. No secret in it. Times are epoch milliseconds. */
interface Family {
  readonly grant: Grant
  readonly createdAt: number
  readonly usedAt: number
  readonly endsAt: number
  readonly current: string
  readonly previous?: string
  readonly successor?: string
  readonly graceUntil?: number
  /** It died of a reuse. Kept, so that nobody who comes late can turn it. */
  readonly over?: true
}

/** What became of a refresh token: the next one and the grant, or why not. `reused` names the grant that died of it, now or before. */
export type Rotation =
  | { readonly token: string; readonly grant: Grant; readonly createdAt: number }
  | { readonly error: AuthError; readonly reused?: Grant; readonly before?: true }

/** What a refresh is asked for, beside the token. */
export interface Wanted {
  readonly client: string | undefined
  readonly scopes: readonly string[] | undefined
  readonly jkt: string | undefined
}

export interface RefreshFamilies {
  /** `createdAt` in epoch milliseconds. */
  begin(grant: Grant, createdAt: number): Promise<string>
  /** `scopes`: what the next access token is to allow; more than the grant's is refused, and nothing is turned. */
  rotate(token: unknown, wanted: Wanted): Promise<Rotation>
  /** The sessions of a subject that live. */
  list(subject: string): Promise<readonly (Family & { readonly expiresAt: number })[]>
  /** Of this subject alone, where one is given. Whether there was one. */
  remove(sid: string, subject?: string): Promise<boolean>
}

const refusal = (reason: string): Rotation => ({ error: authError('invalid_grant', `refresh.${reason}`) })
const MALFORMED = refusal('malformed')
/** For the developer's log: what a client sees is the same. */
const NO_TEXT: Rotation = {
  error: authError('invalid_grant', 'refresh.malformed', { expected: 'the token itself, not the body that holds it' }),
}
const UNKNOWN = refusal('unknown')
const EXPIRED = refusal('expired')
const CLIENT = refusal('client')
const BOUND = refusal('bound')
const OVER = authError('invalid_grant', 'refresh.revoked')
const WIDER: Rotation = { error: authError('invalid_scope', 'refresh.scopes') }
/** Each lost race means that another one was won: more than this is a store that never says yes. */
const TRIES = 100
const REUSED = authError('invalid_grant', 'refresh.reused')

/** Refresh token rotation with reuse detection (RFC 9700 section 4.14.2): one row per family, one change per turn. */
export function refreshFamilies(table: SessionTable, times: RefreshTimes, clock: () => number): RefreshFamilies {
  async function begin(grant: Grant, createdAt: number): Promise<string> {
    const now = clock()
    const token = { handle: newHandle(), secret: newSecret() }
    const endsAt = now + times.absolute * 1000
    const family: Family = { grant, createdAt, usedAt: now, endsAt, current: hashPart(token.secret) }
    const { subject, sid } = grant
    const handle = hashPart(token.handle)
    const row = { handle, sid, subject, version: 1, expiresAt: slide(now, endsAt), data: JSON.stringify(family) }
    await table.insert(row, endsAt)
    return formatRefreshToken(token)
  }

  async function rotate(presented: unknown, wanted: Wanted): Promise<Rotation> {
    const token = parseRefreshToken(presented)
    if (!token) return typeof presented === 'string' ? MALFORMED : NO_TEXT
    const handle = hashPart(token.handle)
    for (let tries = 0; tries < TRIES; tries++) {
      const row = await table.find(handle)
      if (!row) return UNKNOWN
      const family = JSON.parse(row.data) as Family
      if (family.over) return { error: OVER, reused: family.grant, before: true }
      checkRow(row)
      if (!(row.expiresAt > clock() && family.endsAt > clock())) return EXPIRED
      if (wanted.client !== undefined && wanted.client !== family.grant.client) return CLIENT
      if (wanted.jkt !== family.grant.jkt) return BOUND
      const turned = await turn(token, row, family, wanted)
      if (turned) return turned
    }
    throw new Unavailable('the store of refresh families')
  }

  /** `undefined`: someone else was faster; look again. */
  async function turn(
    token: RefreshToken,
    row: SessionRow,
    family: Family,
    { scopes }: Wanted,
  ): Promise<Rotation | undefined> {
    const presented = hashPart(token.secret)
    const now = clock()
    const { grant, createdAt, endsAt } = family
    const isWider = scopes?.some((scope) => !grant.scopes?.includes(scope)) === true
    if (sameHash(family.current, presented)) {
      if (isWider) return WIDER
      const secret = newSecret()
      const next: Family = {
        grant,
        createdAt,
        usedAt: now,
        endsAt,
        current: hashPart(secret),
        previous: presented,
        successor: sealSuccessor(token, secret),
        graceUntil: now + times.grace * 1000,
      }
      const done = await table.replace(row, changed(row, next, slide(now, endsAt)))
      return done ? { token: formatRefreshToken({ handle: token.handle, secret }), grant, createdAt } : undefined
    }
    // Once the successor is used it becomes `previous` itself: matching here means that it is not.
    if (sameHash(family.previous, presented) && family.successor && now < (family.graceUntil ?? 0)) {
      if (isWider) return WIDER
      const secret = openSuccessor(token, family.successor)
      return { token: formatRefreshToken({ handle: token.handle, secret }), grant, createdAt }
    }
    // Of this very row: what a table that lags behind said of it must not end a session that has gone on.
    const ended = await table.replace(row, changed(row, { ...family, over: true }, row.expiresAt))
    return ended ? { error: REUSED, reused: grant } : undefined
  }

  function changed(row: SessionRow, family: Family, expiresAt: number): SessionRow {
    return { ...row, version: row.version + 1, expiresAt, data: JSON.stringify(family) }
  }

  function slide(now: number, endsAt: number): number {
    return Math.min(now + times.sliding * 1000, endsAt)
  }

  return {
    begin,
    rotate,
    async list(subject) {
      const now = clock()
      return (await table.list(subject))
        .filter((row) => checkRow(row).subject === subject && row.expiresAt > now)
        .map((row) => ({ ...(JSON.parse(row.data) as Family), expiresAt: row.expiresAt }))
        .filter(({ over }) => !over)
        .toSorted((a, b) => b.createdAt - a.createdAt)
    },
    remove: async (sid, subject) => (await table.remove(sid, subject)) === true,
  }
}
