import { hash } from 'node:crypto'
import { authError, Refused } from '@countersign/http'
import { tellRevoked } from './event.ts'
import type { Session, Sessions } from './issuer.ts'
import type { Grant, RefreshFamilies } from './refresh-family.ts'
import type { Revocations, Revoked, RevokedKind } from './revocation.ts'
import type { StoreLike } from './store-like.ts'

/** The sessions of an issuer, and what its own methods ask of them. */
export interface IssuerSessions extends Sessions {
  /** Epoch seconds for a new token of the subject: later than the last "everywhere". */
  iatFor(subject: string, now: number): Promise<number>
  /** The same for a session that goes on. Throws `Refused` with `invalid_grant` when it was ended, and sees to it that it stays so. */
  iatOf(grant: Grant, createdAt: number, now: number): Promise<number>
  /** Epoch seconds of the last "everywhere" of the subject; -1: there was none. */
  endedUntil(subject: string): Promise<number>
  /** Refuses every access token of a session from now on. */
  revokeTokens(sid: string): Promise<void>
}

interface Options {
  readonly store: StoreLike
  readonly prefix: string
  readonly families: RefreshFamilies | undefined
  readonly revoked: Revocations
  readonly over: (kind: RevokedKind, id: string) => Revoked
  readonly clock: () => number
  /** Seconds that a session may live. */
  readonly absolute: number
  readonly issuer: string
}

const ENDED = authError('invalid_grant', 'refresh.revoked')

export function issuerSessions(options: Options): IssuerSessions {
  const { store, prefix, families, revoked, over, clock, absolute, issuer } = options
  // Beside the revocation, which ends with the last access token: sessions live longer.
  const everywhereKey = (subject: string) => `${prefix}everywhere:${hash('sha256', subject, 'base64url')}`

  /** Epoch seconds up to which everything of the subject is over; -1: nothing. Asks the store: an old answer would do harm. */
  async function everywhere(subject: string): Promise<number> {
    const entry = await store.get(everywhereKey(subject))
    return entry ? Number(entry.value) : -1
  }

  /** Refuses the tokens of these sessions, and of whatever else. At most so many at once as a commit takes. */
  async function revokeAll(sids: readonly string[]): Promise<void> {
    for (let at = 0; at < sids.length; at += 8) {
      const list = sids.slice(at, at + 8).map((sid) => over('sid', sid))
      await store.commit(revoked.writes(list))
      revoked.apply(list)
    }
  }

  return {
    endedUntil: everywhere,
    revokeTokens: (sid) => revokeAll([sid]),
    async end(subject, id) {
      const own = await families?.list(subject)
      if (!own?.some(({ grant }) => grant.sid === id)) return false
      // The tokens first: where the second step fails, the session is still there to be ended again.
      await revokeAll([id])
      await families?.remove(id, subject)
      tellRevoked(() => ({ at: clock(), issuer, session: id }))
      return true
    },
    async iatFor(subject, now) {
      return Math.max(now, (await everywhere(subject)) + 1)
    },
    async iatOf({ subject, sid }, createdAt, now) {
      const until = await everywhere(subject)
      if (Math.floor(createdAt / 1000) > until) return Math.max(now, until + 1)
      await families?.remove(sid)
      throw new Refused(ENDED)
    },
    async list(subject) {
      const until = await everywhere(subject)
      const rows = (await families?.list(subject)) ?? []
      return rows.filter(({ createdAt }) => Math.floor(createdAt / 1000) > until).map(sessionOf)
    },
    async endAll(subject) {
      if (typeof subject !== 'string' || subject === '')
        throw new TypeError('sessions.endAll takes the subject whose sessions end: a string that is not empty')
      const now = clock()
      // Later than the one before: whoever logged in between has an `iat` just behind that.
      const before = Math.max(Math.floor(now / 1000), (await everywhere(subject)) + 1)
      const list = [{ ...over('sub', subject), before }]
      const lasting = { key: everywhereKey(subject), value: `${before}`, expiresAt: now + (absolute + 86_400) * 1000 }
      await store.commit([...revoked.writes(list), lasting])
      revoked.apply(list)
      tellRevoked(() => ({ at: now, issuer, subject }))
      // By name too: a process whose clock is ahead may have given out an `iat` behind `before`.
      const rows = (await families?.list(subject)) ?? []
      await revokeAll(rows.map(({ grant }) => grant.sid))
      for (const { grant } of rows) await families?.remove(grant.sid)
    },
  }
}

function sessionOf(row: Awaited<ReturnType<RefreshFamilies['list']>>[number]): Session {
  const { grant, createdAt, usedAt, expiresAt } = row
  const { sid, client, device } = grant
  const seconds = (time: number) => Math.floor(time / 1000)
  return {
    id: sid,
    client,
    ...(device !== undefined && { device }),
    createdAt: seconds(createdAt),
    lastUsedAt: seconds(usedAt),
    expiresAt: seconds(expiresAt),
  }
}
