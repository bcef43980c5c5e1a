import type { WireRequest } from '@countersign/conformance'
import { mint, now, OTHER } from './minting.ts'

/** What a case may send: tokens of the old server's own login, of a key server, and ones made for the case. */
export interface Tokens {
  /** What the old server's login gave: signed by the old library, before the change. */
  readonly login: string
  /** Its refresh token, where there is one. */
  readonly refresh: string
  /** A good token of the key server, with these claims and header members instead. */
  provider(claims?: Named, header?: Named): Promise<string>
}
type Named = Readonly<Record<string, unknown>>

/** One request that goes to both servers. What they must answer stands on the page, and nowhere else. */
export interface Case {
  readonly name: string
  request(tokens: Tokens): WireRequest | Promise<WireRequest>
  /** A header of the answer that counts too. */
  readonly header?: string
  /** Goes to servers whose key server does not answer. */
  readonly outage?: true
}

const bearer = (token: string): readonly [string, string] => ['authorization', `Bearer ${token}`]
const get = (path: string, ...headers: readonly (readonly [string, string])[]): WireRequest => ({ path, headers })
const of = (name: string, request: Case['request'], more: Partial<Case> = {}): Case => ({ name, request, ...more })

const claims = (otherwise: Named = {}) => ({
  sub: 'user-1',
  iss: 'https://login.acme.com',
  aud: 'https://api.acme.com',
  iat: now(),
  exp: now() + 300,
  ...otherwise,
})
const forged = () => bearer(mint(claims(), { secret: OTHER }))
const signed = (otherwise: () => Named) => () => get('/profile', bearer(mint(claims(otherwise()))))
const BILLING = 'https://billing.acme.com'
const tenant = (name: string, signer = name) =>
  bearer(mint(claims({ iss: `https://${name}.acme.com` }), { secret: `the secret of at least 32 bytes of ${signer}` }))
const CHALLENGE = { header: 'www-authenticate' }
const partner = (path: string, more: Named = {}, header: Named = {}) =>
  (({ provider }) =>
    provider({ sub: 'user-1', ...more }, header).then((token) => get(path, bearer(token)))) satisfies Case['request']

/** What express-jwt, passport-jwt and @fastify/jwt have in common: tokens signed with a secret, keys of a partner. */
const shared: readonly Case[] = [
  of('a token of the old login', ({ login }) => get('/profile', bearer(login))),
  of('no token', () => get('/profile'), CHALLENGE),
  of('a forged token', () => get('/profile', forged()), CHALLENGE),
  of(
    'an expired token',
    signed(() => ({ exp: now() - 60 })),
  ),
  of('no token, optional route', () => get('/greeting')),
  of('a token, optional route', ({ login }) => get('/greeting', bearer(login))),
  of('a forged token, optional route', () => get('/greeting', forged())),
  of('an expired token, optional route', () => get('/greeting', bearer(mint(claims({ exp: now() - 60 }))))),
  of(
    'a token without exp',
    signed(() => ({ exp: undefined })),
  ),
  of(
    'exp in ten years',
    signed(() => ({ exp: now() + 315_360_000 })),
  ),
  of(
    'exp in milliseconds',
    signed(() => ({ exp: Date.now() + 1000 })),
  ),
  of(
    'exp as text',
    signed(() => ({ exp: `${now() + 300}` })),
  ),
  of(
    'nbf of tomorrow',
    signed(() => ({ nbf: now() + 86_400, exp: now() + 90_000, iat: now() + 86_400 })),
  ),
  of(
    'iat of tomorrow',
    signed(() => ({ iat: now() + 86_400, exp: now() + 90_000 })),
  ),
  of(
    'aud of another API',
    signed(() => ({ aud: BILLING })),
  ),
  of(
    'iss of another issuer',
    signed(() => ({ iss: BILLING })),
  ),
  of(
    'no sub',
    signed(() => ({ sub: undefined })),
  ),
  of(
    'a refresh token',
    signed(() => ({ type: 'refresh' })),
  ),
  of('a payload that is null', () => get('/profile', bearer(mint(null)))),
  of('what is no JWT', () => get('/profile', bearer('abc'))),
  of('HS512, which nobody chose', () => get('/profile', bearer(mint(claims(), { alg: 'HS512' })))),
  of('RS256 over the secret', () => get('/profile', bearer(mint(claims(), { alg: 'RS256' })))),
  of('two Authorization headers', ({ login }) => get('/profile', bearer(login), forged())),
  of('words after the token', ({ login }) => get('/profile', bearer(`${login} and more`))),
  of('a token of the partner', partner('/partner')),
  of('a token of the partner, key server down', partner('/partner'), { outage: true }),
  of('a token of the partner, unknown kid', partner('/partner', {}, { kid: 'x' })),
]

const ada = (path: string, more: Named = {}, header: Named = {}) =>
  partner(path, { sub: 'ada', scope: 'posts:read', ...more }, header)
const tampered = (token: string) => `${token.slice(0, -8)}AAAAAAAA`

/** The form of Flask-JWT-Extended's tokens, as `create_access_token` makes them. */
export const flaskClaims = (otherwise: Named = {}) => ({
  ...claims(),
  fresh: false,
  jti: crypto.randomUUID(),
  type: 'access',
  sub: 'test',
  nbf: now(),
  ...otherwise,
})
const flask = (path: string, otherwise: () => Named, secret?: string) => () =>
  get(path, bearer(mint(flaskClaims(otherwise()), secret === undefined ? {} : { secret })))

/** The cases of each library, by the name of its page and of its two servers. */
export const CASES: Readonly<Record<string, readonly Case[]>> = {
  'express-jwt': [
    ...shared,
    of('a token of a tenant', () => get('/tenant', tenant('red'))),
    of("a token of a tenant, by another one's secret", () => get('/tenant', tenant('red', 'blue'))),
    of('a token of an unknown tenant', () => get('/tenant', tenant('green'))),
    of('what is no JWT, for a tenant', () => get('/tenant', bearer('abc'))),
    of('Basic, optional route', () => get('/greeting', ['authorization', 'Basic YTpi'])),
    of('OPTIONS that announces Authorization, no token', () => ({
      method: 'OPTIONS',
      path: '/hook',
      headers: [['access-control-request-headers', 'authorization']],
    })),
  ],
  'passport-jwt': [
    ...shared,
    of('a token in a header of another name', ({ login }) => get('/header', ['x-token', login])),
    of('a forged token in a header of another name', () => get('/header', ['x-token', forged()[1].slice(7)])),
    of(
      'a user who is gone',
      signed(() => ({ sub: 'user-2' })),
    ),
    of('jsonWebTokenOptions.audience, aud of another API', () =>
      get('/pinned', bearer(mint(claims({ aud: BILLING })))),
    ),
    of('jsonWebTokenOptions.issuer, iss of another issuer', () =>
      get('/pinned', bearer(mint(claims({ iss: BILLING })))),
    ),
  ],
  'fastify-jwt': [
    ...shared,
    of('a token in the cookie', ({ login }) => get('/profile', ['cookie', `token=${login}`])),
    of('a POST with the cookie, from another site', ({ login }) => ({
      method: 'POST',
      path: '/profile',
      headers: [
        ['cookie', `token=${login}`],
        ['origin', 'https://evil.example'],
        ['sec-fetch-site', 'cross-site'],
      ],
    })),
  ],
  'flask-jwt-extended': [
    of('an access token of the old login', ({ login }) => get('/protected', bearer(login))),
    of('no token', () => get('/protected'), CHALLENGE),
    of(
      'a forged token',
      flask('/protected', () => ({}), OTHER),
      CHALLENGE,
    ),
    of(
      'an expired token',
      flask('/protected', () => ({ exp: now() - 60 })),
    ),
    of('what is no JWT', () => get('/protected', bearer('abc'))),
    of(
      'a user who is gone',
      flask('/protected', () => ({ sub: 'gone' })),
    ),
    of('a refresh token as access token', ({ refresh }) => get('/protected', bearer(refresh))),
    of('a refresh token of the old login, at /refresh', ({ refresh }) => ({
      method: 'POST',
      path: '/refresh',
      headers: [bearer(refresh), ['content-type', 'application/json']],
      body: JSON.stringify({ refresh_token: refresh }),
    })),
    of('no token, optional route', () => get('/greeting')),
    of('a token, optional route', ({ login }) => get('/greeting', bearer(login))),
    of(
      'a forged token, optional route',
      flask('/greeting', () => ({}), OTHER),
    ),
    of('a forged token after "bearer" in lower case, optional route', () =>
      get('/greeting', ['authorization', `bearer ${mint(flaskClaims(), { secret: OTHER })}`]),
    ),
    of('two forged tokens, optional route', () =>
      get('/greeting', ['authorization', `Bearer ${mint(flaskClaims(), { secret: OTHER })}, Bearer abc`]),
    ),
    of('a good token after "bearer" in lower case', ({ login }) =>
      get('/protected', ['authorization', `bearer ${login}`]),
    ),
    of('a fresh token, fresh route', ({ login }) => get('/danger', bearer(login))),
    of(
      'a token that is not fresh, fresh route',
      flask('/danger', () => ({ fresh: false })),
    ),
    of(
      'JWT_ACCESS_TOKEN_EXPIRES = False',
      flask('/protected', () => ({ exp: undefined })),
    ),
    of(
      'exp in ten years',
      flask('/protected', () => ({ exp: now() + 315_360_000 })),
    ),
    of(
      'aud of another API',
      flask('/protected', () => ({ aud: BILLING })),
    ),
    of(
      'iss of another issuer',
      flask('/protected', () => ({ iss: BILLING })),
    ),
    of('OPTIONS without a token, where the view takes it', () => ({ method: 'OPTIONS', path: '/hook' })),
  ],
  'express-oauth2-jwt-bearer': [
    of('a token of the provider', ada('/posts')),
    of('no token', () => get('/posts'), CHALLENGE),
    of('a token without the scope', ada('/posts', { scope: 'posts:write' }), CHALLENGE),
    of('an expired token', ada('/posts', { iat: now() - 600, exp: now() - 60 }), CHALLENGE),
    of('aud of another API', ada('/posts', { aud: BILLING }), CHALLENGE),
    of('no token, optional route', () => get('/greeting')),
    of('a token, optional route', ada('/greeting')),
    of('a forged token, optional route', async ({ provider }) => get('/greeting', bearer(tampered(await provider())))),
    of('an expired token, optional route', ada('/greeting', { iat: now() - 600, exp: now() - 60 })),
    of('two tokens, optional route', async ({ provider }) => {
      const token = await provider({ sub: 'ada' })
      return get(`/greeting?access_token=${token}`, bearer(token))
    }),
    of('key server down', ada('/posts'), { outage: true, ...CHALLENGE }),
    of('key server down, optional route', ada('/greeting'), { outage: true }),
    of('a token in the URL', async ({ provider }) =>
      get(`/posts?access_token=${await provider({ sub: 'ada', scope: 'posts:read' })}`),
    ),
    of('a token in the header and one in the URL', async ({ provider }) => {
      const token = await provider({ sub: 'ada', scope: 'posts:read' })
      return get(`/posts?access_token=${token}`, bearer(token))
    }),
    of('two Authorization headers', async ({ provider }) => {
      const token = await provider({ sub: 'ada', scope: 'posts:read' })
      return get('/posts', bearer(token), bearer(tampered(token)))
    }),
    of('iat of tomorrow', ada('/posts', { iat: now() + 86_400, exp: now() + 90_000 })),
    of('exp in ten years', ada('/posts', { exp: now() + 315_360_000 })),
    of('no sub', ada('/posts', { sub: undefined })),
    of('an ID token whose aud is the API', ada('/posts', { nonce: 'n', aud: 'https://api.acme.com' }, { typ: 'JWT' })),
    of('claimIncludes: the permission', ada('/admin', { permissions: ['admin'] })),
    of('claimIncludes: another permission', ada('/admin', { permissions: ['read'] })),
    of('claimEquals: the value', ada('/team', { org: 'acme' })),
    of('claimEquals: another value', ada('/team', { org: 'other' })),
    of('a DPoP-bound token as Bearer', ada('/posts', { cnf: { jkt: 'thumbprint' } })),
    of('a certificate-bound token, getCertificate gives none', ada('/bound', { cnf: { 'x5t#S256': 'thumbprint' } })),
    of('a certificate-bound token, no getCertificate', ada('/posts', { cnf: { 'x5t#S256': 'thumbprint' } })),
  ],
}
