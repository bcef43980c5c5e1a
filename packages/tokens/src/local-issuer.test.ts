import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { inspect } from 'node:util'
import { isAuthError, type Maybe, Unavailable } from '@countersign/http'
import { memoryStore } from '@countersign/store'
import { describe, expect, expectTypeOf, test, vi } from 'vitest'
import { AUDIENCE, ISSUER, NOW, signer } from '../test/mint.ts'
import {
  importKeys,
  type JwkSet,
  type LocalIssuerOptions,
  localIssuer,
  type TokenPrincipal,
  verifyJws,
} from './index.ts'

const es = signer('ES256')
const anna = { subject: 'anna', scopes: ['posts:read', 'posts:write'], roles: ['author'] }

function setUp(more: Partial<LocalIssuerOptions> = {}) {
  const time = { now: NOW }
  const clock = () => time.now
  const store = more.store ?? memoryStore({ clock })
  const issuer = localIssuer({ issuer: ISSUER, audience: AUDIENCE, clock, ...more, store })
  return { time, clock, store, issuer }
}

/** The principal of a token that must pass. */
async function pass(issuer: ReturnType<typeof localIssuer>, token: string): Promise<TokenPrincipal> {
  const result = await issuer.verify(token)
  if (!result || isAuthError(result)) throw new Error(`refused: ${result?.reason}`)
  return result
}

async function reasonOf(issuer: ReturnType<typeof localIssuer>, token: string): Promise<string | undefined> {
  const result = await issuer.verify(token)
  return isAuthError(result) ? result.reason : undefined
}

const partsOf = (token: string) =>
  token.split('.', 2).map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>)

describe('issue', () => {
  test('gives an RFC 9068 access token, a refresh token and the answer of RFC 6749 section 5.1', async () => {
    const { issuer } = setUp()
    const answer = await issuer.issue(anna)
    expect(answer).toEqual({
      access_token: expect.any(String),
      token_type: 'Bearer',
      expires_in: 300,
      refresh_token: expect.stringMatching(/^[\w-]{64}$/),
      scope: 'posts:read posts:write',
    })
    const [header, claims] = partsOf(answer.access_token)
    expect(header).toEqual({ alg: 'EdDSA', typ: 'at+jwt', kid: expect.stringMatching(/^[\w-]{43}$/) })
    expect(claims).toEqual({
      iss: ISSUER,
      sub: 'anna',
      aud: AUDIENCE,
      exp: NOW / 1000 + 300,
      iat: NOW / 1000,
      jti: expect.stringMatching(/^[\w-]{22}$/),
      client_id: 'self',
      sid: expect.stringMatching(/^[\w-]{22}$/),
      scope: 'posts:read posts:write',
      roles: ['author'],
      auth_time: NOW / 1000,
    })
  })

  test('takes client, scopes, claims and the time of authentication', async () => {
    const { issuer } = setUp()
    const wanted = { client: 'web', scopes: ['posts:read'], claims: { tenant: 'acme' }, authTime: 1_700_000_000 }
    const answer = await issuer.issue(anna, wanted)
    expect(answer.scope).toBe('posts:read')
    const principal = await pass(issuer, answer.access_token)
    expect(principal).toMatchObject({ scopes: ['posts:read'], authTime: 1_700_000_000 })
    expect(principal.credential?.client).toBe('web')
    expect(principal.claims.tenant).toBe('acme')
    const next = await issuer.refresh(answer.refresh_token as string)
    expect(await pass(issuer, next.access_token)).toMatchObject({
      scopes: ['posts:read'],
      authTime: 1_700_000_000,
      claims: { tenant: 'acme', sid: principal.claims.sid },
    })
  })

  test('refuses what cannot be right: an empty subject, a scope with a space, a claim of its own', async () => {
    const { issuer } = setUp()
    await expect(issuer.issue({ subject: '' })).rejects.toThrow(TypeError)
    await expect(issuer.issue({ subject: 'a', scopes: ['a b'] })).rejects.toThrow(/scope/)
    for (const name of ['iss', 'sub', 'aud', 'exp', 'scope', 'roles', 'sid', 'cnf'])
      await expect(issuer.issue(anna, { claims: { [name]: 'x' } })).rejects.toThrow(name)
  })

  test('without refresh there is no refresh token', async () => {
    const { issuer } = setUp({ refresh: false })
    const answer = await issuer.issue({ subject: 'anna' })
    expect(answer).not.toHaveProperty('refresh_token')
    expect(answer.scope).toBe('')
    expect(await pass(issuer, answer.access_token)).not.toHaveProperty('scopes')
    await expect(issuer.refresh('x')).rejects.toThrow(TypeError)
  })

  test.each(['EdDSA', 'ES256', 'RS256', 'HS256'] as const)('signs with %s on request', async (algorithm) => {
    const { issuer, store, clock } = setUp({ algorithm })
    const { access_token } = await issuer.issue(anna)
    expect(partsOf(access_token)[0]).toMatchObject({ alg: algorithm })
    expect(await pass(issuer, access_token)).toMatchObject({ subject: 'anna' })
    const second = localIssuer({ issuer: ISSUER, audience: AUDIENCE, store, clock, algorithm })
    expect(await pass(second, access_token)).toMatchObject({ subject: 'anna' })
    const { keys } = await issuer.jwks()
    expect(keys).toHaveLength(algorithm === 'HS256' ? 0 : 1)
    if (keys[0]) expect(isAuthError(await verifyJws(access_token, importKeys(keys[0]), [algorithm]))).toBe(false)
  })
})

describe('verify', () => {
  test('gives a frozen principal, deeply', async () => {
    const { issuer } = setUp()
    const { access_token } = await issuer.issue(anna, { claims: { nested: { list: [{}] } } })
    const principal = await pass(issuer, access_token)
    expectTypeOf(issuer.verify('')).toExtend<Maybe<TokenPrincipal | { reason: string } | undefined>>()
    const { claims } = principal
    const all = [principal, claims, claims.nested, (claims.nested as { list: [object] }).list[0], principal.scopes]
    for (const value of [...all, principal.roles, principal.credential]) expect(Object.isFrozen(value)).toBe(true)
    expect(principal).toMatchObject({
      subject: 'anna',
      scopes: anna.scopes,
      roles: anna.roles,
      expiresAt: NOW / 1000 + 300,
      authTime: NOW / 1000,
      credential: { id: claims.jti, session: claims.sid, client: 'self' },
    })
  })

  test('a hit returns no promise, and the same principal', async () => {
    const { issuer } = setUp()
    const { access_token } = await issuer.issue(anna)
    const principal = await pass(issuer, access_token)
    expect(issuer.verify(access_token)).toBe(principal)
    const other = (await issuer.issue(anna)).access_token
    expect(issuer.verify(other)).not.toBeInstanceOf(Promise) // loaded: a miss does not wait either
  })

  test('refusing captures no stack', async () => {
    const { issuer } = setUp({ keys: { keys: [es.jwk] } })
    await pass(issuer, es.mint())
    const tokens = [
      'x',
      'a.b.c',
      `${es.mint()}A`,
      signer('ES256').mint(),
      es.mint({ claims: '{}' }),
      es.mint({ header: 'x' }),
    ]
    let made = 0
    const construct = (target: ErrorConstructor, args: [], newTarget: ErrorConstructor) => {
      made++
      return Reflect.construct(target, args, newTarget)
    }
    for (const name of ['Error', 'TypeError'] as const)
      vi.stubGlobal(name, new Proxy(globalThis[name] as ErrorConstructor, { construct }))
    const results = tokens.map((token) => issuer.verify(token))
    expect(made).toBe(0)
    new Error('the control')
    expect(made).toBe(1)
    vi.unstubAllGlobals()
    for (const result of results.filter((one) => one !== undefined)) expect(result).not.toHaveProperty('stack')
  })

  test('errors without anything dynamic are one frozen constant', async () => {
    const { issuer } = setUp({ keys: { keys: [es.jwk] } })
    await pass(issuer, es.mint())
    expect(issuer.verify('x')).toBe(issuer.verify('y'))
    expect(issuer.verify(signer().mint())).toBe(issuer.verify(signer().mint()))
  })

  test('on a hit, exp, nbf, revocation and the presence of the key still count', async () => {
    const { issuer, time } = setUp({ keys: { keys: [es.jwk] } })
    const { access_token } = await issuer.issue(anna)
    await pass(issuer, access_token)
    time.now = NOW + 329_999
    await pass(issuer, access_token)
    time.now = NOW + 330_000
    expect(await reasonOf(issuer, access_token)).toBe('token.expired')
    time.now = NOW
    await pass(issuer, access_token)
    time.now = NOW - 31_000
    expect(await reasonOf(issuer, access_token)).toBe('token.early')
    time.now = NOW
    const principal = await pass(issuer, access_token)
    await issuer.revoke({ jti: principal.claims.jti as string })
    expect(await reasonOf(issuer, access_token)).toBe('token.revoked')
  })

  test('the cache is bounded, and can be off', async () => {
    const small = setUp({ cache: { entries: 2 }, keys: { keys: [es.jwk] } }).issuer
    const tokens = await Promise.all([1, 2, 3].map(async () => (await small.issue(anna)).access_token))
    const first = await Promise.all(tokens.map((token) => pass(small, token)))
    expect(small.verify(tokens[1] as string)).toBe(first[1])
    const second = await pass(small, tokens[2] as string)
    expect(second, 'a full cache lets in what comes twice').not.toBe(first[2])
    expect(small.verify(tokens[2] as string)).toBe(second)
    expect(small.verify(tokens[0] as string)).not.toBe(first[0])
    const none = setUp({ cache: false, keys: { keys: [es.jwk] } }).issuer
    expect(await none.verify(tokens[0] as string)).not.toBe(await none.verify(tokens[0] as string))
  })

  test('several audiences: tokens carry all, one is enough', async () => {
    const { issuer } = setUp({ audience: ['a', 'b'], keys: { keys: [es.jwk] } })
    const { access_token } = await issuer.issue(anna)
    expect((await pass(issuer, access_token)).claims.aud).toEqual(['a', 'b'])
    await pass(issuer, es.mint({ claims: { ...partsOf(access_token)[1], aud: 'b' } }))
  })
})

describe('keys', () => {
  test('of many issuers on one new store, one makes the key and all use it', async () => {
    const store = memoryStore()
    const issuers = Array.from({ length: 8 }, () => localIssuer({ issuer: ISSUER, audience: AUDIENCE, store }))
    const tokens = await Promise.all(issuers.map((issuer) => issuer.issue(anna)))
    for (const issuer of issuers) for (const { access_token } of tokens) await pass(issuer, access_token)
  })

  test('the first key signs, all verify; alg and kid come from the key', async () => {
    const { d: _, ...old } = signer('EdDSA', 'old').jwk
    const rsa = signer('RS256')
    const { alg: _alg, kid: _kid, ...bare } = rsa.jwk
    const { issuer } = setUp({ keys: { keys: [bare, old] } as JwkSet })
    const { access_token } = await issuer.issue(anna)
    expect(partsOf(access_token)[0]).toMatchObject({ alg: 'RS256', kid: expect.stringMatching(/^[\w-]{43}$/) })
    const { keys } = await issuer.jwks()
    expect(keys.map(({ alg }) => alg)).toEqual(['RS256', 'EdDSA'])
  })

  test('the thumbprint is that of RFC 7638 section 3.1', async () => {
    const n =
      '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw'
    const { thumbprint } = await import('./key.ts')
    expect(thumbprint({ kty: 'RSA', n, e: 'AQAB', alg: 'RS256' })).toBe('NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs')
  })

  test('jwks and its endpoint publish public halves alone', async () => {
    const { issuer } = setUp({ keys: { keys: [es.jwk] } })
    const [endpoint, ...others] = issuer.endpoints
    expect(others).toEqual([])
    expect(endpoint).toMatchObject({ method: 'GET', path: '/.well-known/jwks.json' })
    const answer = await endpoint?.handle()
    expect(answer?.status).toBe(200)
    expect(answer?.headers).toMatchObject({
      'content-type': 'application/json',
      'cache-control': 'public, max-age=300',
    })
    const body = JSON.parse(Buffer.from(answer?.body ?? []).toString())
    expect(body).toEqual({ keys: [{ ...es.publicJwk, use: 'sig' }] })
    expect(body).toEqual(await issuer.jwks())
  })

  test('a store that fails while loading is a 503, and the next call tries again', async () => {
    const store = memoryStore()
    let down = true
    const flaky = {
      ...store,
      get: (key: string) => (down ? Promise.reject(new Unavailable('the store')) : store.get(key)),
    }
    const { issuer } = setUp({ store: flaky })
    await expect(issuer.issue(anna)).rejects.toBeInstanceOf(Unavailable)
    await expect(Promise.resolve(issuer.verify(es.mint()))).rejects.toBeInstanceOf(Unavailable)
    expect(issuer.verify(es.mint({ claims: { iss: 'https://other.test' } }))).toBeUndefined()
    down = false
    await pass(issuer, (await issuer.issue(anna)).access_token)
  })
})

describe('revoke', () => {
  test('ends the access token, the session and its refresh family, at once', async () => {
    const { issuer } = setUp()
    const answer = await issuer.issue(anna)
    const other = await issuer.issue(anna)
    const next = await issuer.refresh(answer.refresh_token as string)
    await issuer.revoke(await pass(issuer, answer.access_token))
    expect(await reasonOf(issuer, answer.access_token)).toBe('token.revoked')
    expect(await reasonOf(issuer, next.access_token)).toBe('token.revoked')
    await expect(issuer.refresh(next.refresh_token as string)).rejects.toMatchObject({ code: 'invalid_grant' })
    await pass(issuer, other.access_token)
    await issuer.refresh(other.refresh_token as string)
  })

  test('holds in this process before the store has told anyone', async () => {
    const deaf = () => ({ freshAt: Number.POSITIVE_INFINITY, catchUp() {}, close() {} })
    const { issuer, time } = setUp({ store: { ...memoryStore(), watch: deaf } })
    const answer = await issuer.issue(anna)
    await issuer.revoke(await pass(issuer, answer.access_token))
    expect(await reasonOf(issuer, answer.access_token)).toBe('token.revoked')
    const reused = await issuer.issue(anna)
    await issuer.refresh(reused.refresh_token as string)
    time.now += 10_000
    await expect(issuer.refresh(reused.refresh_token as string)).rejects.toMatchObject({ code: 'invalid_grant' })
    expect(await reasonOf(issuer, reused.access_token)).toBe('token.revoked')
  })

  test('by jti alone leaves the session', async () => {
    const { issuer } = setUp()
    const answer = await issuer.issue(anna)
    const { claims } = await pass(issuer, answer.access_token)
    await issuer.revoke({ jti: claims.jti as string })
    expect(await reasonOf(issuer, answer.access_token)).toBe('token.revoked')
    await pass(issuer, (await issuer.refresh(answer.refresh_token as string)).access_token)
  })

  test('reaches every issuer on the store, and one that starts later', async () => {
    const { issuer, store, clock } = setUp()
    const sister = localIssuer({ issuer: ISSUER, audience: AUDIENCE, store, clock })
    const { access_token } = await issuer.issue(anna)
    await pass(sister, access_token)
    await issuer.revoke(await pass(issuer, access_token))
    expect(await reasonOf(sister, access_token)).toBe('token.revoked')
    const later = localIssuer({ issuer: ISSUER, audience: AUDIENCE, store, clock })
    expect(await reasonOf(later, access_token)).toBe('token.revoked')
  })

  test('a name from outside cannot reach another entry of the store', async () => {
    const { issuer } = setUp()
    const answer = await issuer.issue(anna)
    for (const sid of ['', '../family', 'x'.repeat(5000), '\0', '\ud800']) await issuer.revoke({ sid, jti: sid })
    await pass(issuer, answer.access_token)
    await expect(issuer.revoke({})).rejects.toThrow(TypeError)
    await expect(issuer.revoke({ subject: 'anna' })).rejects.toThrow(TypeError)
  })

  test('what is known of revocations may be 2 s old; past that one catchUp, and 503 when it fails', async () => {
    const store = memoryStore()
    let freshAt = performance.now()
    let catchUps = 0
    let fail = false
    const watch: typeof store.watch = (prefix, changed) => {
      const inner = store.watch(prefix, changed)
      return {
        get freshAt() {
          return freshAt
        },
        async catchUp() {
          catchUps++
          if (fail) throw new Unavailable('the store')
          await inner.catchUp()
          freshAt = performance.now()
        },
        close: () => inner.close(),
      }
    }
    const { issuer } = setUp({ store: { ...store, watch } })
    const { access_token } = await issuer.issue(anna)
    const principal = await pass(issuer, access_token)
    freshAt = performance.now() - 1900
    expect(issuer.verify(access_token)).toBe(principal)
    freshAt = performance.now() - 2100
    const waiting = [1, 2, 3].map(() => issuer.verify(access_token))
    for (const one of waiting) expect(one).toBeInstanceOf(Promise)
    expect(await Promise.all(waiting)).toEqual([principal, principal, principal])
    expect(catchUps).toBe(1)
    freshAt = performance.now() - 2100
    fail = true
    await expect(issuer.verify(access_token)).rejects.toBeInstanceOf(Unavailable)
    fail = false
    expect(await issuer.verify(access_token)).toBe(principal)
  })

  test('says so on countersign:revoked', async () => {
    const { issuer } = setUp()
    const seen: unknown[] = []
    const listen = (event: unknown) => void seen.push(event)
    subscribe('countersign:revoked', listen)
    await issuer.revoke({ jti: 'j', sid: 's' })
    unsubscribe('countersign:revoked', listen)
    expect(seen).toEqual([{ at: NOW, issuer: ISSUER, id: 'j', session: 's' }])
  })
})

test('no error, event or inspection shows a token, a secret or a signature', async () => {
  const { issuer } = setUp({ keys: { keys: [es.jwk] } })
  const answer = await issuer.issue(anna)
  const parts = answer.access_token.split('.') as [string, string, string]
  const spoiled = `${parts[0]}.${parts[1]}.${parts[2].slice(0, -4)}AAAA`
  const secrets = [parts[2], answer.refresh_token as string, es.jwk.d as string]
  const refusal = await issuer.refresh(`${'A'.repeat(63)}B`).catch((error: unknown) => error)
  const shown = [await issuer.verify(spoiled), refusal, issuer, await issuer.jwks()].map((one) =>
    inspect(one, { depth: 9, showHidden: true }),
  )
  for (const secret of secrets) for (const text of shown) expect(text).not.toContain(secret.slice(0, 24))
})

describe('options are checked when the issuer is made', () => {
  const good = { issuer: ISSUER, audience: AUDIENCE, store: memoryStore() }
  const wrong: readonly [string, object][] = [
    ['issuer', { issuer: '' }],
    ['audience', { audience: undefined }],
    ['audience', { audience: [] }],
    ['audience', { audience: /api/g }],
    ['store', { store: {} }],
    ['keys', { keys: { keys: [] } }],
    ['private', { keys: { keys: [es.publicJwk] } }],
    // Another key's private half: Node 26 finds it when it imports the key, those before when they are compared.
    ['key k1: its', { keys: { keys: [{ ...es.jwk, d: signer('ES256').jwk.d }] } }],
    ['same kid', { keys: { keys: [es.jwk, signer('ES256').jwk] } }],
    ['alg', { keys: { keys: [signer('PS256').jwk] } }],
    ['algorithm', { algorithm: 'RS512' }],
    ['algorithm', { algorithm: 'RS256', keys: { keys: [es.jwk] } }],
    ['248 bits', { keys: { keys: [{ kty: 'oct', k: Buffer.alloc(31, 1).toString('base64url') }] } }],
    ['lifetime', { lifetime: 0 }],
    ['lifetime', { lifetime: 90_000 }],
    ['leeway', { leeway: -1 }],
    ['cache', { cache: { entries: 0.5 } }],
    ['clock', { clock: 5 }],
    ['refresh.grace', { refresh: { grace: 61 } }],
    ['refresh.sliding', { refresh: { sliding: 100, absolute: 99 } }],
  ]
  test.each(wrong)('%s', (option, more) => {
    expect(() => localIssuer({ ...good, ...more } as LocalIssuerOptions)).toThrow(TypeError)
    expect(() => localIssuer({ ...good, ...more } as LocalIssuerOptions)).toThrow(option)
  })
})
