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
import type { Revocations, Revoked } from './revocation.ts'
import type { StoreLike } from './store-like.ts'

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
}

/** Seconds. */
export interface RefreshTimes {
  readonly sliding: number
  readonly absolute: number
  readonly grace: number
}

/** A refresh family as it is stored, under the hash of its handle. No secret in it. Times are epoch milliseconds. */
interface Row {
  readonly grant: Grant
  readonly endsAt: number
  readonly expiresAt: number
  readonly current: string
  readonly previous?: string
  readonly successor?: string
  readonly graceUntil?: number
}

/** What became of a refresh token: the next one and the grant, or why not. `reused` names the grant that died of it. */
export type Rotation =
  | { readonly token: string; readonly grant: Grant }
  | { readonly error: AuthError; readonly reused?: Grant }

export interface RefreshFamilies {
  begin(grant: Grant): Promise<string>
  /** `scopes`: what the next access token is to allow; more than the grant's is refused, and nothing is turned. */
  rotate(token: unknown, client: string | undefined, scopes?: readonly string[]): Promise<Rotation>
  /** The writes that end the family of a session, if it is there. */
  ending(sid: string): Promise<{ key: string; value: undefined }[]>
}

const refusal = (reason: string): Rotation => ({ error: authError('invalid_grant', `refresh.${reason}`) })
const MALFORMED = refusal('malformed')
const UNKNOWN = refusal('unknown')
const EXPIRED = refusal('expired')
const CLIENT = refusal('client')
const WIDER: Rotation = { error: authError('invalid_scope', 'refresh.scopes') }
/** Each lost race means that another one was won: more than this is a store that never says yes. */
const TRIES = 100
const REUSED = authError('invalid_grant', 'refresh.reused')

/** Refresh token rotation with reuse detection (RFC 9700 section 4.14.2): one row per family, one commit per turn. */
export function refreshFamilies(
  store: StoreLike,
  prefix: string,
  times: RefreshTimes,
  revoked: Revocations,
  sessionOver: (sid: string) => Revoked,
  clock: () => number,
): RefreshFamilies {
  const familyKey = (handleHash: string) => `${prefix}family:${handleHash}`
  const sessionKey = (sid: string) => `${prefix}session:${hashPart(Buffer.from(sid))}`

  async function begin(grant: Grant): Promise<string> {
    const now = clock()
    const token = { handle: newHandle(), secret: newSecret() }
    const endsAt = now + times.absolute * 1000
    const row: Row = { grant, endsAt, expiresAt: slide(now, endsAt), current: hashPart(token.secret) }
    const handleHash = hashPart(token.handle)
    await store.commit([
      { key: familyKey(handleHash), value: JSON.stringify(row), expiresAt: row.expiresAt },
      { key: sessionKey(grant.sid), value: handleHash, expiresAt: endsAt },
    ])
    return formatRefreshToken(token)
  }

  async function rotate(presented: unknown, client: string | undefined, scopes?: readonly string[]): Promise<Rotation> {
    const token = parseRefreshToken(presented)
    if (!token) return MALFORMED
    const key = familyKey(hashPart(token.handle))
    for (let tries = 0; tries < TRIES; tries++) {
      const entry = await store.get(key)
      if (!entry) return UNKNOWN
      const row = JSON.parse(entry.value) as Row
      if (row.expiresAt <= clock()) return EXPIRED
      if (client !== undefined && client !== row.grant.client) return CLIENT
      const wider = scopes?.some((scope) => !row.grant.scopes?.includes(scope)) === true
      const turned = await turn(token, row, key, entry.version, wider)
      if (turned) return turned
    }
    throw new Unavailable('the store of refresh families')
  }

  /** `undefined`: someone else was faster; look again. */
  async function turn(
    token: RefreshToken,
    row: Row,
    key: string,
    version: string,
    wider: boolean,
  ): Promise<Rotation | undefined> {
    const presented = hashPart(token.secret)
    const now = clock()
    if (sameHash(row.current, presented)) {
      if (wider) return WIDER
      const secret = newSecret()
      const next: Row = {
        grant: row.grant,
        endsAt: row.endsAt,
        expiresAt: slide(now, row.endsAt),
        current: hashPart(secret),
        previous: presented,
        successor: sealSuccessor(token, secret),
        graceUntil: now + times.grace * 1000,
      }
      const value = JSON.stringify(next)
      const done = await store.commit([{ key, value, expected: version, expiresAt: next.expiresAt }])
      return done ? { token: formatRefreshToken({ handle: token.handle, secret }), grant: row.grant } : undefined
    }
    // Once the successor is used it becomes `previous` itself: matching here means that it is not.
    if (sameHash(row.previous, presented) && row.successor && now < (row.graceUntil ?? 0)) {
      if (wider) return WIDER
      const secret = openSuccessor(token, row.successor)
      return { token: formatRefreshToken({ handle: token.handle, secret }), grant: row.grant }
    }
    const over = [sessionOver(row.grant.sid)]
    // Of this very row: what a store that lags behind said of it must not end a session that has gone on.
    const ended = await store.commit([
      { key, value: undefined, expected: version },
      { key: sessionKey(row.grant.sid), value: undefined },
      ...revoked.writes(over),
    ])
    if (!ended) return undefined
    revoked.apply(over)
    return { error: REUSED, reused: row.grant }
  }

  async function ending(sid: string): Promise<{ key: string; value: undefined }[]> {
    const session = await store.get(sessionKey(sid))
    const key = sessionKey(sid)
    return session
      ? [
          { key, value: undefined },
          { key: familyKey(session.value), value: undefined },
        ]
      : []
  }

  function slide(now: number, endsAt: number): number {
    return Math.min(now + times.sliding * 1000, endsAt)
  }

  return { begin, rotate, ending }
}
