import { hash, randomBytes } from 'node:crypto'
import {
  type Answer,
  isUnavailable,
  json,
  type Maybe,
  type Principal,
  type PublicEndpoint,
  Refused,
} from '@countersign/http'
import { AUTHORITY, type Authority } from './authority.ts'
import { tellReuse, tellRevoked, tellRotationFailed, tellUnchecked } from './event.ts'
import { FRESH_FOR, feed } from './feed.ts'
import { givenKeys } from './given-keys.ts'
import { checkRefresh, grantOf } from './issue-request.ts'
import type { IssueOptions, LocalIssuer, RefreshOptions, RevokeNames, TokenResponse } from './issuer.ts'
import { issuerSessions } from './issuer-sessions.ts'
import { verifyJws } from './jws.ts'
import type { JwkSet } from './key.ts'
import { type LocalIssuerOptions, localIssuerOptions } from './local-issuer-options.ts'
import { audienceOption } from './options.ts'
import { type Grant, refreshFamilies } from './refresh-family.ts'
import { type Revoked, revocations } from './revocation.ts'
import { revokeNames } from './revoke-request.ts'
import { storedSessions } from './session-table.ts'
import { signJwt } from './sign.ts'
import { storedKeys } from './stored-keys.ts'
import { tokenVerifier } from './verifier.ts'

const JWKS_MAX_AGE = 300

/**
 * An issuer whose keys, sessions and revocations live in a store. Returns `issue`, `refresh`, `revoke`, `verify`, `jwks`,
 * `keys`, `sessions`, `health` and `endpoints`. Access tokens follow RFC 9068 (EdDSA, 300 s); refresh tokens rotate (14
 * days, 90 at most), and one that comes back late ends its session; signing keys rotate (30 days). Processes on one store
 * know of each other's revocations and keys within 2 s. Throws a TypeError for wrong options; its methods reject with
 * `Unavailable` when the store does not answer.
 */
export function localIssuer(options: LocalIssuerOptions): LocalIssuer {
  const made = localIssuerOptions(options)
  const { issuer, audience, store, lifetime, times, course, algorithm, mode, rotation, seal } = made
  const { clock, leeway, maxLifetime } = course
  const prefix = `tokens:{${hash('sha256', issuer, 'base64url').slice(0, 16)}}:`
  const listeners: ((sid: string) => void)[] = []
  const revoked = revocations(`${prefix}feed:revoked:`, clock, (sid) => {
    for (const tell of listeners) tell(sid)
  })
  // As long as any token could live that was made before, whatever another process was told.
  const over = (kind: Revoked['kind'], id: string): Revoked => ({
    kind,
    id,
    expiresAt: clock() + (maxLifetime + 2 * leeway) * 1000,
  })
  const ring = `${prefix}feed:keys`
  const news = feed(store, `${prefix}feed:`, mode, (key, entry) => {
    if (!entry) return
    if (key === ring) keys.take(entry.value)
    else revoked.take(entry.value, entry.expiresAt)
  })
  const keyOver = (kid: string) => over('kid', kid)
  const failed = (error: unknown) => tellRotationFailed(() => ({ at: clock(), issuer, reason: wordOf(error) }))
  const keys = made.given
    ? givenKeys(made.given)
    : storedKeys({ store, name: ring, algorithm, times: rotation, seal, revoked, keyOver, failed, clock })
  const families = times && refreshFamilies(made.sessions ?? storedSessions(store, prefix), times, clock)
  const sessions = issuerSessions({
    store,
    prefix,
    families,
    revoked,
    over,
    clock,
    absolute: times?.absolute ?? 0,
    issuer,
  })
  let unchecked = 0
  let isLoaded = false
  let loading: Promise<void> | undefined

  /** The first time: what is in the store, and a key where there is none. */
  function load(): Promise<void> {
    loading ??= start().finally(() => {
      loading = undefined
    })
    return loading
  }

  async function start(): Promise<void> {
    const told = news.start()
    await (mode === 'best-effort' && made.given ? told.catch(() => {}) : told)
    await keys.load()
    isLoaded = true
  }

  function ready(): Promise<void> | undefined {
    if (!isLoaded) return load().then(ready)
    const wait = news.ready()
    return wait ? wait.then(() => keys.ready()) : keys.ready()
  }

  const verifierFor = (wanted: readonly string[] | undefined, cache = course.cache) =>
    tokenVerifier({
      rules: { issuer, audience: wanted, subject: 'sub', leeway, maxLifetime, forbidden: [] },
      algorithms: made.algorithms,
      types: ['at+jwt', 'application/at+jwt'],
      keys: {
        find(header) {
          const found = keys.current()?.verifying.find(header)
          // A key that took over in an emergency may be younger than what is known here.
          return found ?? keys.hearOf(() => news.catchUp())?.then(() => keys.current()?.verifying.find(header))
        },
        holds: (key) => keys.current()?.verifying.holds(key) === true,
      },
      ready,
      isRevoked({ subject, credential, claims }, { kid }) {
        const names = { jti: credential?.id, sid: credential?.session, sub: subject, kid, iat: claims.iat }
        if (revoked.isRevoked(names)) return true
        if (isUnchecked()) {
          unchecked++
          tellUnchecked(() => ({ at: clock(), issuer, subject, ...(names.jti !== undefined && { id: names.jti }) }))
        }
        return false
      },
      revision: () => (isUnchecked() ? Number.NaN : revoked.revision()),
      cache,
      clock,
    })
  const verifier = verifierFor(audience)

  function isUnchecked(): boolean {
    return mode === 'best-effort' && news.age() > FRESH_FOR
  }

  /** `iat` in epoch seconds. */
  function sign(grant: Grant, scopes: readonly string[] | undefined, iat: number): string {
    const { kid, algorithm: alg, key } = keys.current() as NonNullable<ReturnType<typeof keys.current>>
    const { subject, client, sid, roles, authTime, claims, jkt } = grant
    const all = {
      ...claims,
      iss: issuer,
      sub: subject,
      aud: audience.length === 1 ? (audience[0] as string) : [...audience],
      exp: iat + lifetime,
      iat,
      jti: randomId(),
      client_id: client,
      sid,
      ...(scopes && { scope: scopes.join(' ') }),
      ...(roles && { roles }),
      ...(jkt !== undefined && { cnf: { jkt } }),
      auth_time: authTime,
    }
    return signJwt({ alg, typ: 'at+jwt', kid }, all, key)
  }

  function respond(
    grant: Grant,
    refreshToken: string | undefined,
    iat: number,
    scopes: readonly string[] | undefined = grant.scopes,
  ): TokenResponse {
    return {
      access_token: sign(grant, scopes, iat),
      token_type: grant.jkt === undefined ? 'Bearer' : 'DPoP',
      expires_in: lifetime,
      ...(refreshToken !== undefined && { refresh_token: refreshToken }),
      scope: scopes?.join(' ') ?? '',
    }
  }

  async function issue(principal: Principal, wanted?: IssueOptions): Promise<TokenResponse> {
    const grant = grantOf(principal, wanted, Math.floor(clock() / 1000), randomId())
    await ready() // before anything is stored
    const iat = await sessions.iatFor(grant.subject, Math.floor(clock() / 1000))
    return respond(grant, await families?.begin(grant, Math.max(clock(), iat * 1000)), iat)
  }

  async function refresh(refreshToken: string, wanted: RefreshOptions = {}): Promise<TokenResponse> {
    if (!families) throw new TypeError('localIssuer: refresh is off for this issuer; leave out `refresh: false`')
    checkRefresh(wanted)
    await ready()
    const { client, scopes, jkt } = wanted
    const rotated = await families.rotate(refreshToken, { client, scopes, jkt })
    if ('error' in rotated) {
      const { error, reused, before } = rotated
      if (reused && !before) {
        const { subject, sid: session, client } = reused
        tellReuse(() => ({ at: clock(), issuer, subject, session, client }))
      }
      if (reused) await sessions.revokeTokens(reused.sid)
      throw new Refused(error)
    }
    const { grant, token, createdAt } = rotated
    // The time before the look: what is ended after it has an `iat` up to its moment, so this token is refused too.
    const now = Math.floor(clock() / 1000)
    return respond(grant, token, await sessions.iatOf(grant, createdAt, now), scopes)
  }

  async function revoke(what: Principal | RevokeNames): Promise<void> {
    const { jti, sid, expiresAt } = revokeNames(what, issuer)
    const list: Revoked[] = []
    if (jti !== undefined) {
      const whole = over('jti', jti)
      list.push(expiresAt === undefined ? whole : { ...whole, expiresAt: (expiresAt + 2 * leeway) * 1000 })
    }
    if (sid !== undefined) {
      list.push(over('sid', sid))
      await families?.remove(sid)
    }
    await store.commit(revoked.writes(list))
    revoked.apply(list)
    tellRevoked(() => ({
      at: clock(),
      issuer,
      ...(jti !== undefined && { id: jti }),
      ...(sid !== undefined && { session: sid }),
    }))
  }

  const jwks = (): Maybe<JwkSet> => {
    const known = isLoaded ? keys.current()?.published : undefined
    return known ?? load().then(() => (keys.current() as { readonly published: JwkSet }).published)
  }
  const maxAge = Math.min(JWKS_MAX_AGE, Math.floor(rotation.ahead / 2))
  const answer = (set: JwkSet): Answer =>
    json(200, set, { 'access-control-allow-origin': '*', 'cache-control': `public, max-age=${maxAge}` })
  const jwksEndpoint: PublicEndpoint = {
    method: 'GET',
    path: '/.well-known/jwks.json',
    handle() {
      const set = jwks()
      return set instanceof Promise ? set.then(answer) : answer(set)
    },
  }
  const { list, end, endAll } = sessions
  const forAny = verifierFor(undefined, 0)
  const authority = Object.freeze<Authority>({
    issuer,
    algorithm: made.given?.algorithm ?? algorithm,
    lifetime,
    async signing() {
      await ready()
      const { kid, algorithm, key } = keys.current() as NonNullable<ReturnType<typeof keys.current>>
      return { kid, algorithm, key }
    },
    verify: (token) => forAny.verify(token, { bound: true }),
    async verifyJws(compact) {
      await ready()
      return verifyJws(compact, { find: (header) => keys.current()?.verifying.find(header) }, made.algorithms)
    },
    endedUntil: sessions.endedUntil,
    async isSessionRevoked(sid) {
      await ready()
      return revoked.isRevoked({ sid, jti: undefined, sub: '', kid: undefined, iat: undefined })
    },
    onSessionRevoked: (listener) => void listeners.push(listener),
  })
  const issuing: LocalIssuer = {
    issuer,
    issue,
    refresh,
    revoke,
    verify: verifier.verify,
    forAudience: (wanted) =>
      Object.freeze({ issuer, verify: verifierFor(audienceOption('localIssuer', wanted)).verify }),
    jwks,
    keys: Object.freeze({ list: keys.list, rotate: keys.rotate, retire: keys.retire }),
    sessions: Object.freeze({ list, end, endAll }),
    ready: async () => void (await ready()),
    health: () => ({ revocations: revoked.size(), age: news.age(), unchecked }),
    endpoints: Object.freeze([Object.freeze(jwksEndpoint)]),
  }
  return Object.freeze(Object.defineProperty(issuing, AUTHORITY, { value: () => authority }))
}

/** Names no key: messages of ours hold none, and others' are not passed on. */
function wordOf(error: unknown): string {
  return isUnavailable(error) || !(error instanceof Error) ? 'the store does not answer' : error.message
}

function randomId(): string {
  return randomBytes(16).toString('base64url')
}
