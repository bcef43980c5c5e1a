// For every attack there is a server that it gets into: none is one that can never succeed.
import { createPublicKey } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { anyOf, apiKey, basic, bearer, policy } from '@countersign/policy'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  BELIEVED,
  type Habits,
  KEY,
  type Known,
  linesOf,
  type Mistake,
  OTHERS,
  POSTS,
  pathOf,
  STRICT,
  signs,
  statusOf,
  type Token,
  USER,
} from '../test/careless-server.ts'
import { type AttackerKeys, attacksOn, type Battery, sendAttack, serveAttackerKeys, testIssuer } from './index.ts'

let attacker: AttackerKeys
const batteries: Partial<Record<'RS256' | 'ES256', { battery: Battery; known: Known }>> = {}
beforeAll(async () => {
  attacker = await serveAttackerKeys()
  for (const algorithm of ['RS256', 'ES256'] as const) {
    const issuer = testIssuer({ algorithm })
    const accept = anyOf(
      bearer(issuer.verifier),
      apiKey(() => undefined),
      basic(() => undefined),
    )
    const authorization = `Basic ${Buffer.from(`${USER.name}:${USER.password}`).toString('base64')}`
    const battery = await attacksOn(policy({ accept, scopes: ['a', 'b'], maxAge: 60 }), {
      url: `${POSTS}?x=1`,
      issuer,
      keyServer: attacker.url,
      others: [OTHERS],
      headers: { 'X-API-Key': KEY, authorization, 'x-tenant': 't' },
    })
    const { keys } = (await (await issuer.fetch(`${issuer.url}/.well-known/jwks.json`, {} as never)).json()) as {
      keys: never[]
    }
    const key = createPublicKey({ key: keys[0] as never, format: 'jwk' })
    const known = { issuer: issuer.url, audience: issuer.audience, key, scopes: ['a', 'b'], maxAge: 60 }
    batteries[algorithm] = { battery, known }
  }
})
afterAll(() => attacker.close())

const authorization = (pattern: RegExp): Mistake =>
  token((request) => pattern.exec(linesOf(request, 'authorization').join(', '))?.[1])
const line = (choose: (lines: readonly string[]) => string | undefined): Mistake => ({
  habits: { token: (request) => /^Bearer ([^ ,]+)$/.exec(choose(linesOf(request, 'authorization')) ?? '')?.[1] },
})
const token = (elsewhere: (request: Parameters<Habits['token']>[0]) => string | null | undefined): Mistake => ({
  habits: { token: (request) => elsewhere(request) ?? STRICT.token(request) },
})
const key = (right: (given: string | undefined) => boolean): Mistake => ({ habits: { key: right } })
const remembering = () => {
  const good = new Set<string>()
  return (token: Token) => {
    const said = token.parts.slice(0, 2).join('.')
    if (signs(token.known.key, token, token.header.alg)) good.add(said)
    return good.has(said)
  }
}
const open = (open: Habits['open']): Mistake => ({ habits: { open } })
/** Guards what is written exactly so; its router takes more for the same. */
const routed = (route: Habits['route']): Mistake => ({
  habits: { route, open: (request) => pathOf(request) !== POSTS && pathOf(request) !== OTHERS },
})
const bare = (request: Parameters<Habits['open']>[0]) =>
  ['authorization', 'x-api-key', 'cookie'].every((name) => linesOf(request, name).length === 0)
const scopes = (holds: (held: string, scope: string) => boolean): Mistake => ({
  habits: { may: ({ claims, known }) => known.scopes.every((scope) => holds(`${claims.scope ?? ''}`, scope)) },
})
const password = (right: (user: string, password: string | undefined) => boolean): Mistake => ({
  habits: { password: (user = '', given, lines) => lines.length === 1 && right(user, given) },
})
const right = (user: string) => user === USER.name

interface Careless {
  readonly name: string
  readonly mistake: Mistake
  readonly letsIn: readonly string[]
  readonly algorithm?: keyof typeof batteries
}

// biome-ignore format: a table
const CARELESS: readonly Careless[] = [
  { name: 'takes alg none', mistake: { believes: BELIEVED.none }, letsIn: ['alg.none', 'alg.None', 'alg.NONE', 'alg.nOnE', 'alg.none.kept'] },
  { name: 'takes an empty signature', mistake: { believes: ({ parts, header }) => header.alg === 'RS256' && parts[2] === '' }, letsIn: ['signature.empty'] },
  { name: 'takes a token without a third segment', mistake: { without: ['three segments'], believes: ({ parts }) => parts.length === 2 }, letsIn: ['signature.absent'] },
  { name: 'checks no signature', mistake: { without: ['signature'] }, letsIn: ['signature.empty', 'signature.changed', 'claims.changed', 'signature.foreign'] },
  { name: 'remembers a good token without its signature', mistake: { instead: { signature: remembering() } }, letsIn: ['signature.empty', 'signature.changed', 'signature.foreign'] },
  { name: 'goes on where a token cannot be read', mistake: { onUnreadable: 'passes' }, letsIn: ['garbage', 'dots'] },
  { name: 'decodes as leniently as Node', mistake: { without: ['canonical'] }, letsIn: ['signature.noncanonical', 'signature.padding', 'claims.padding', 'claims.alphabet'] },
  { name: 'takes the key in the header (jwk)', mistake: { believes: BELIEVED.jwk }, letsIn: ['key.jwk'] },
  { name: 'takes the certificate in the header (x5c)', mistake: { believes: BELIEVED.x5c }, letsIn: ['key.x5c'] },
  { name: 'fetches keys from where the header says (jku)', mistake: { believes: BELIEVED.jku }, letsIn: ['key.jku'] },
  { name: 'fetches a certificate from where the header says (x5u)', mistake: { believes: BELIEVED.x5u }, letsIn: ['key.x5u'] },
  { name: 'takes jwk, with ECDSA', algorithm: 'ES256', mistake: { believes: BELIEVED.jwk }, letsIn: ['key.jwk'] },
  { name: 'takes x5c, with ECDSA', algorithm: 'ES256', mistake: { believes: BELIEVED.x5c }, letsIn: ['key.x5c'] },
  { name: 'takes jku, with ECDSA', algorithm: 'ES256', mistake: { believes: BELIEVED.jku }, letsIn: ['key.jku'] },
  { name: 'takes x5u, with ECDSA', algorithm: 'ES256', mistake: { believes: BELIEVED.x5u }, letsIn: ['key.x5u'] },
  { name: 'checks nothing where it finds no key', mistake: { believes: ({ header }) => header.alg === 'RS256' && header.kid !== 'test' }, letsIn: ['key.jku', 'kid.unknown', 'kid.prototype', 'kid.array'] },
  { name: 'reads a secret from the file that the kid names', mistake: { believes: BELIEVED['a secret in the file that the kid names'] }, letsIn: ['kid.path'] },
  { name: 'takes HS256 with its public key', mistake: { believes: BELIEVED.confusion }, letsIn: ['confusion.pem', 'confusion.pem-after-a-line-feed', 'confusion.pem-without-its-last-line-feed', 'confusion.der', 'confusion.raw-bytes'] },
  { name: 'verifies ECDSA without a look at zeros', algorithm: 'ES256', mistake: { believes: BELIEVED['ECDSA without a look at zeros'] }, letsIn: ['signature.zero'] },
  { name: 'does not check: size', mistake: { without: ['size'] }, letsIn: ['claims.huge'] },
  { name: 'does not check: no member twice', mistake: { without: ['no member twice'] }, letsIn: ['claims.duplicate'] },
  { name: 'does not check: crit', mistake: { without: ['crit'] }, letsIn: ['crit'] },
  { name: 'does not check: no logout token', mistake: { without: ['no logout token'] }, letsIn: ['typ.logout'] },
  { name: 'does not check: no proof', mistake: { without: ['no proof'] }, letsIn: ['typ.dpop'] },
  { name: 'does not check: no ID token', mistake: { without: ['no ID token'] }, letsIn: ['id-token'] },
  { name: 'does not check: exp is there', mistake: { without: ['exp is there'] }, letsIn: ['exp.missing'] },
  { name: 'does not check: exp is a number', mistake: { without: ['exp is a number'] }, letsIn: ['exp.text'] },
  { name: 'does not check: exp is near', mistake: { without: ['exp is near'] }, letsIn: ['exp.milliseconds'] },
  { name: 'does not check: expiry', mistake: { without: ['expiry'] }, letsIn: ['expired'] },
  { name: 'does not check: nbf', mistake: { without: ['nbf'] }, letsIn: ['nbf'] },
  { name: 'does not check: aud is there', mistake: { without: ['aud is there'] }, letsIn: ['aud.missing'] },
  { name: 'does not check: aud', mistake: { without: ['aud'] }, letsIn: ['aud.other', 'aud.longer'] },
  { name: 'does not check: iss is there', mistake: { without: ['iss is there'] }, letsIn: ['iss.missing'] },
  { name: 'does not check: iss', mistake: { without: ['iss'] }, letsIn: ['iss.other'] },
  { name: 'does not check: iss is text', mistake: { without: ['iss is text'] }, letsIn: ['iss.array'] },
  { name: 'does not check: sub', mistake: { without: ['sub'] }, letsIn: ['sub.missing'] },
  { name: 'takes an audience that begins as its own', mistake: { instead: { aud: ({ claims, known }) => `${claims.aud ?? known.audience}`.startsWith(known.audience) } }, letsIn: ['aud.longer'] },
  { name: 'asks for no scope', mistake: { habits: { may: () => true } }, letsIn: ['scope.none', 'scope.a', 'scope.a.near', 'scope.b', 'scope.b.near'] },
  { name: 'looks for a scope in the text', mistake: scopes((held, scope) => held.includes(scope)), letsIn: ['scope.a.near', 'scope.b.near'] },
  { name: 'looks for a scope in any case', mistake: scopes((held, scope) => held.toLowerCase().split(' ').includes(scope)), letsIn: ['scope.a.near', 'scope.b.near'] },
  { name: 'asks for one of its scopes', mistake: { habits: { may: ({ claims, known }) => known.scopes.some((scope) => `${claims.scope}`.split(' ').includes(scope)) } }, letsIn: ['scope.a', 'scope.a.near', 'scope.b', 'scope.b.near'] },
  { name: 'asks for no recent authentication', mistake: { habits: { recent: () => true } }, letsIn: ['age'] },
  { name: 'does not ask whose object it is', mistake: { habits: { owns: () => true } }, letsIn: ['other./others'] },
  { name: 'takes tokens from the query', mistake: token(({ url }) => new URL(`http://localhost${url}`).searchParams.get('access_token')), letsIn: ['query'] },
  { name: 'takes tokens from cookies', mistake: token((request) => /jwt=([^;]+)/.exec(linesOf(request, 'cookie')[0] ?? '')?.[1]), letsIn: ['cookie'] },
  { name: 'takes the first of several lines', mistake: line((lines) => lines[0]), letsIn: ['header.doubled', 'header.good-bad'] },
  { name: 'takes the last of several lines', mistake: line((lines) => lines.at(-1)), letsIn: ['header.doubled', 'header.bad-good'] },
  { name: 'takes the first of a list', mistake: authorization(/^Bearer ([^ ,]+)/), letsIn: ['header.doubled', 'header.good-bad', 'header.listed'] },
  { name: 'takes a token without its scheme', mistake: token((request) => /^[^ ,]+$/.exec(linesOf(request, 'authorization').join())?.[0]), letsIn: ['header.bare'] },
  { name: 'takes any scheme', mistake: authorization(/^[^ ,]+ ([^ ,]+)$/), letsIn: ['header.jwt'] },
  { name: 'takes white space out of a token', mistake: token((request) => /^Bearer ([^,]+)$/.exec(linesOf(request, 'authorization').join())?.[1]?.replaceAll(' ', '')), letsIn: ['header.space'] },
  { name: 'asks for the scheme alone', mistake: open((request) => linesOf(request, 'authorization')[0] === 'Bearer'), letsIn: ['header.empty'] },
  { name: 'asks for nothing', mistake: open(bare), letsIn: ['none', 'method.head', 'override', 'query'] },
  { name: 'leaves schemes that it does not know to others', mistake: open((request) => /^(?!Bearer|Basic)\w+ /.test(linesOf(request, 'authorization')[0] ?? '')), letsIn: ['scheme.unknown', 'header.jwt'] },
  { name: 'guards GET alone', mistake: open(({ method }) => method === 'HEAD'), letsIn: ['method.head'] },
  { name: 'believes a header on the method', mistake: open(({ headers }) => headers['x-http-method-override'] === 'OPTIONS'), letsIn: ['override'] },
  { name: 'believes a header on the path', mistake: open(({ headers }) => headers['x-original-url'] === '/' || headers['x-rewrite-url'] === '/'), letsIn: ['override'] },
  { name: 'routes a double slash as one', mistake: routed((path) => path.replace(/^\/+/, '/')), letsIn: ['path.double'] },
  { name: 'routes with a slash at the end', mistake: routed((path) => path.replace(/(?<=.)\/$/, '')), letsIn: ['path.slash'] },
  { name: 'routes in any case', mistake: routed((path) => path.toLowerCase()), letsIn: ['path.case'] },
  { name: 'routes without parameters', mistake: routed((path) => path.split(';')[0] ?? ''), letsIn: ['path.parameter'] },
  { name: 'routes what is decoded', mistake: routed(decodeURIComponent), letsIn: ['path.encoded'] },
  { name: 'routes without dots', mistake: routed((path) => path.replace('/./', '/')), letsIn: ['path.dot'] },
  { name: 'takes any key', mistake: key((given) => given !== undefined), letsIn: ['x-api-key.wrong', 'x-api-key.truncated', 'x-api-key.case', 'x-api-key.extended'] },
  { name: 'compares keys as far as the given one goes', mistake: key((given = '-') => KEY.startsWith(given)), letsIn: ['x-api-key.truncated'] },
  { name: 'compares keys as far as its own goes', mistake: key((given = '') => given.startsWith(KEY)), letsIn: ['x-api-key.extended'] },
  { name: 'compares keys in any case', mistake: key((given = '') => given.toLowerCase() === KEY.toLowerCase()), letsIn: ['x-api-key.case'] },
  { name: 'takes the first of several keys', mistake: { habits: { key: (_, lines) => lines[0] === KEY } }, letsIn: ['x-api-key.doubled'] },
  { name: 'takes any user', mistake: password(() => true), letsIn: ['basic.wrong', 'basic.colon', 'basic.base64', 'basic.empty', 'basic.password', 'basic.truncated', 'basic.case', 'basic.extended'] },
  { name: 'asks for no password', mistake: password((user) => right(user)), letsIn: ['basic.password', 'basic.truncated', 'basic.case', 'basic.extended'] },
  { name: 'takes a user without a colon', mistake: password((_, given) => given === undefined), letsIn: ['basic.colon', 'basic.base64'] },
  { name: 'takes an empty user with an empty password', mistake: password((user, given) => user === '' && !given), letsIn: ['basic.base64', 'basic.empty'] },
  { name: 'takes what it cannot decode', mistake: password((user, given) => user === '' && given === undefined), letsIn: ['basic.base64'] },
  { name: 'compares passwords as far as the given one goes', mistake: password((user, given = '-') => right(user) && USER.password.startsWith(given)), letsIn: ['basic.truncated'] },
  { name: 'compares passwords as far as its own goes', mistake: password((user, given = '') => right(user) && given.startsWith(USER.password)), letsIn: ['basic.extended'] },
  { name: 'compares passwords in any case', mistake: password((user, given = '') => right(user) && given.toLowerCase() === USER.password.toLowerCase()), letsIn: ['basic.case'] },
  { name: 'takes the first of several passwords', mistake: { habits: { password: (user, given) => user === USER.name && given === USER.password } }, letsIn: ['basic.doubled'] },
]

const letIn = async ({ mistake, algorithm = 'RS256' }: Pick<Careless, 'mistake' | 'algorithm'>): Promise<string[]> => {
  const { battery, known } = batteries[algorithm] as { battery: Battery; known: Known }
  const server = createServer(async (request, response) => {
    const status = await statusOf(request, known, mistake).catch(() => 500)
    response.writeHead(status, { 'www-authenticate': 'Bearer' }).end()
  })
  const origin = await started(server)
  try {
    expect(battery.control.fault(await sendAttack(origin, battery.control))).toBeUndefined()
    const got: string[] = []
    for (const attack of battery.attacks)
      if (attack.fault(await sendAttack(origin, attack))?.kind === 'let in') got.push(attack.id)
    return got
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

async function started(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('a server without a mistake lets nothing in', async () => {
  expect(await letIn({ mistake: {} })).toEqual([])
  expect(await letIn({ mistake: {}, algorithm: 'ES256' })).toEqual([])
})

test.each(CARELESS)('$name', async (careless) => {
  expect(await letIn(careless)).toEqual(careless.letsIn)
})

test('there is no attack that gets in nowhere', () => {
  const succeeding = new Set(CARELESS.flatMap(({ letsIn }) => letsIn))
  const ids = Object.values(batteries).flatMap(({ battery }) => battery.attacks.map(({ id }) => id))
  expect([...new Set(ids)].filter((id) => !succeeding.has(id))).toEqual([])
})
