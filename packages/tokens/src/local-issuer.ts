import { hash, randomBytes } from 'node:crypto'
import { type Answer, json, type Maybe, type Principal, Refused } from '@countersign/http'
import { SignJWT } from 'jose/jwt/sign'
import { tellReuse, tellRevoked } from './event.ts'
import { checkRefresh, grantOf } from './issue-request.ts'
import type { Endpoint, IssueOptions, LocalIssuer, RefreshOptions, RevokeNames, TokenResponse } from './issuer.ts'
import type { JwkSet } from './key.ts'
import { type LocalIssuerOptions, localIssuerOptions } from './local-issuer-options.ts'
import { type Grant, refreshFamilies } from './refresh-family.ts'
import { type Revoked, revocations } from './revocation.ts'
import { revokeNames } from './revoke-request.ts'
import { type SigningKeys, storedSigningKeys } from './signing-keys.ts'
import { tokenVerifier } from './verifier.ts'

const JWKS_MAX_AGE = 300

/**
 * An issuer whose keys, sessions and revocations live in a store. Returns `issue`, `refresh`, `revoke`, `verify`,
 * `jwks` and `endpoints`. Access tokens follow RFC 9068 (EdDSA, 300 s); refresh tokens rotate (14 days, 90 at most),
 * and one that comes back late ends its session. Throws a TypeError for wrong options; its methods reject with
 * `Unavailable` when the store does not answer.
 */
export function localIssuer(options: LocalIssuerOptions): LocalIssuer {
  const { issuer, audience, store, given, algorithm, lifetime, times, course } = localIssuerOptions(options)
  const { clock, leeway, maxLifetime } = course
  const prefix = `tokens:{${hash('sha256', issuer, 'base64url').slice(0, 16)}}:`
  const revoked = revocations(store, `${prefix}revoked:`, clock)
  // As long as any token of the session could live, whatever another process was told.
  const sessionOver = (id: string): Revoked => ({
    kind: 'sid',
    id,
    expiresAt: clock() + (maxLifetime + 2 * leeway) * 1000,
  })
  const families = times && refreshFamilies(store, prefix, times, revoked, sessionOver, clock)
  let keys: SigningKeys | undefined
  let loading: Promise<SigningKeys> | undefined

  function load(): Promise<SigningKeys> {
    loading ??= Promise.all([given ?? storedSigningKeys(store, prefix, algorithm, clock), revoked.start()])
      .then(([loaded]) => (keys = loaded))
      .finally(() => {
        loading = undefined
      })
    return loading
  }

  const verifier = tokenVerifier({
    rules: { issuer, audience, subject: 'sub', leeway, maxLifetime, forbidden: [] },
    algorithms: given ? [...new Set(given.verifying.keys.flatMap((key) => key.algorithms))] : [algorithm],
    types: ['at+jwt', 'application/at+jwt'],
    keys: {
      find: (header) => keys?.verifying.find(header),
      holds: (key) => keys?.verifying.holds(key) === true,
    },
    ready: () => (keys ? revoked.ready() : load().then(() => revoked.ready())),
    isRevoked: ({ credential }) =>
      (credential?.id !== undefined && revoked.has('jti', credential.id)) ||
      (credential?.session !== undefined && revoked.has('sid', credential.session)),
    cache: course.cache,
    clock,
  })

  async function sign(grant: Grant, scopes: readonly string[] | undefined): Promise<string> {
    const { kid, algorithm: alg, key } = keys ?? (await load())
    const iat = Math.floor(clock() / 1000)
    const { subject, client, sid, roles, authTime, claims } = grant
    return new SignJWT({
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
      auth_time: authTime,
    })
      .setProtectedHeader({ alg, typ: 'at+jwt', kid })
      .sign(key)
  }

  async function respond(
    grant: Grant,
    refreshToken: string | undefined,
    scopes: readonly string[] | undefined = grant.scopes,
  ): Promise<TokenResponse> {
    return {
      access_token: await sign(grant, scopes),
      token_type: 'Bearer',
      expires_in: lifetime,
      ...(refreshToken !== undefined && { refresh_token: refreshToken }),
      scope: scopes?.join(' ') ?? '',
    }
  }

  async function issue(principal: Principal, wanted?: IssueOptions): Promise<TokenResponse> {
    const grant = grantOf(principal, wanted, Math.floor(clock() / 1000), randomId())
    if (!keys) await load() // before anything is stored
    return respond(grant, await families?.begin(grant))
  }

  async function refresh(refreshToken: string, wanted: RefreshOptions = {}): Promise<TokenResponse> {
    if (!families) throw new TypeError('localIssuer: refresh is off for this issuer; leave out `refresh: false`')
    checkRefresh(wanted)
    if (!keys) await load()
    const rotated = await families.rotate(refreshToken, wanted.client, wanted.scopes)
    if ('error' in rotated) {
      const { error, reused } = rotated
      if (reused) {
        const { subject, sid: session, client } = reused
        tellReuse(() => ({ at: clock(), issuer, subject, session, client }))
      }
      throw new Refused(error)
    }
    const { grant, token } = rotated
    return respond(grant, token, wanted.scopes)
  }

  async function revoke(what: Principal | RevokeNames): Promise<void> {
    const { jti, sid, expiresAt } = revokeNames(what, issuer)
    const list: Revoked[] = []
    const last = clock() + (maxLifetime + 2 * leeway) * 1000
    const until = expiresAt === undefined ? last : (expiresAt + 2 * leeway) * 1000
    if (jti !== undefined) list.push({ kind: 'jti', id: jti, expiresAt: until })
    if (sid !== undefined) list.push(sessionOver(sid))
    const ends = sid === undefined || !families ? [] : await families.ending(sid)
    await store.commit([...revoked.writes(list), ...ends])
    revoked.apply(list)
    tellRevoked(() => ({
      at: clock(),
      issuer,
      ...(jti !== undefined && { id: jti }),
      ...(sid !== undefined && { session: sid }),
    }))
  }

  const jwks = (): Maybe<JwkSet> => keys?.published ?? load().then(({ published }) => published)
  const jwksEndpoint: Endpoint = {
    method: 'GET',
    path: '/.well-known/jwks.json',
    handle() {
      const set = jwks()
      return set instanceof Promise ? set.then(answer) : answer(set)
    },
  }
  return Object.freeze({
    issuer,
    issue,
    refresh,
    revoke,
    verify: verifier.verify,
    jwks,
    async signingKey() {
      const { kid, algorithm: alg, createdAt } = keys ?? (await load())
      return { kid, algorithm: alg, ...(createdAt !== undefined && { createdAt }) }
    },
    endpoints: Object.freeze([Object.freeze(jwksEndpoint)]),
  })
}

function answer(set: JwkSet): Answer {
  return json(200, set, { 'cache-control': `public, max-age=${JWKS_MAX_AGE}` })
}

function randomId(): string {
  return randomBytes(16).toString('base64url')
}
