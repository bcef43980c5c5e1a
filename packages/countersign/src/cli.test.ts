import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { problems, protect } from '@countersign/express'
import { type ListeningIssuer, testIssuer } from '@countersign/testing'
import express from 'express'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { writePosts } from '../test/policies.ts'

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url))
/** What the README says is printed. */
const PRINTED = [
  ...readFileSync(new URL('../README.md', import.meta.url), 'utf8').matchAll(/```text\n([\s\S]*?)```/g),
].map(([, block]) => block)
const FOLDER = fileURLToPath(new URL('../test', import.meta.url))

/** Of no issuer. */
const JWT = 'e30.e30.AAAA'

interface Ran {
  readonly code: number
  readonly out: string
  readonly err: string
}

function run(args: readonly string[], { input = '', env = {} } = {}): Promise<Ran> {
  return new Promise((resolve) => {
    const options = { cwd: FOLDER, env: { ...process.env, NO_COLOR: '1', ...env }, timeout: 20_000 }
    const child = execFile(process.execPath, [MAIN, ...args], options, (error, out, err) =>
      resolve({ code: error ? (error.code as number) : 0, out, err }),
    )
    child.stdin?.end(input)
  })
}

let issuer: ListeningIssuer
let good: Server
let careless: Server
const urlOf = (server: Server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`
const listening = async (server: Server) => {
  if (!server.listening) await new Promise((resolve) => server.once('listening', resolve))
  return server
}

beforeAll(async () => {
  issuer = await testIssuer({ audience: 'https://api.acme.com', algorithm: 'RS256' }).listen()
  const app = express()
  app.get('/posts', protect(writePosts), (_req, res) => void res.json([]))
  app.use(problems())
  good = await listening(app.listen(0, '127.0.0.1'))
  careless = await listening(
    createServer((request, response) => {
      const claims = JSON.parse(
        Buffer.from(request.headers.authorization?.split('.')[1] ?? '', 'base64url').toString() || 'null',
      )
      response.writeHead(claims ? 200 : 401).end()
    }).listen(0, '127.0.0.1'),
  )
})
afterAll(async () => {
  await issuer.close()
  good.close()
  careless.close()
})

test('explain prints the tree of a refusal, and no secret', async () => {
  const token = await issuer.token({ subject: 'ada', scopes: ['posts:read'] })
  const { code, out, err } = await run(['explain', token, '--policy', './signed.ts#writePosts'], {
    env: { ACME_ISSUER: issuer.url },
  })
  expect(err).toBe('')
  expect(out).toBe(PRINTED[0])
  expect(code).toBe(1)
})

test('explain reads the token from standard input, and takes an issuer in place of a module', async () => {
  const args = ['explain', '-', '--issuer', issuer.url, '--audience', issuer.audience, '--scope', 'posts:read']
  const right = await run(args, { input: `${await issuer.token({ scopes: ['posts:read'] })}\n` })
  expect(right).toEqual({ code: 0, err: '', out: expect.stringContaining('→ passes') })
  const late = await run(args, { input: await issuer.token({ expiresIn: -3600 }) })
  expect(late.code).toBe(1)
  expect(late.out).toMatch(/✗ verified: token\.expired, expected exp after \d+, got \d+/)
})

test('explain without a credential, with another header, and as JSON', async () => {
  const none = await run(['explain', '-p', './policies.ts#readPosts'])
  expect(none.out).toContain('· bearer  nothing sent\n└─ · apiKey  nothing sent\n→ 401 unauthenticated')
  const key = await run(['explain', '-p', './policies.ts#readPosts', '-H', 'X-API-Key: acme-key', '--json'])
  expect(JSON.parse(key.out)).toMatchObject({
    policy: 'read posts',
    passed: true,
    steps: [{ what: 'bearer' }, { what: 'apiKey', held: true }, { what: 'scope posts:read' }],
  })
  expect(key.out).not.toContain('acme-key')
})

test.each(['Bearer ', 'bearer  ', 'Authorization: Bearer ', 'authorization:Bearer ', ' '])(
  'explain takes a token as it was copied, with "%s" before it',
  async (before) => {
    const token = await issuer.token({ scopes: ['posts:read'] })
    const args = ['explain', '-', '--issuer', issuer.url, '--audience', issuer.audience]
    expect(await run(args, { input: `${before}${token}\n` })).toMatchObject({ code: 0, err: '' })
  },
)

test('explain takes another scheme for what it says, and does not call it a bearer token', async () => {
  const { out } = await run([
    'explain',
    `Basic ${Buffer.from('ada:a').toString('base64')}`,
    '-p',
    './policies.ts#readPosts',
  ])
  expect(out).toContain('· bearer  nothing sent')
})

test('attack takes a token with its scheme in front, and no other scheme', async () => {
  const token = await issuer.token({ scopes: ['posts:write'] })
  const { code, out } = await run(['attack', `${urlOf(careless)}/posts`, '-t', `Bearer ${token}`])
  expect([code, out]).toEqual([1, expect.stringContaining('let in')])
  const basic = await run(['attack', `${urlOf(careless)}/posts`, '-t', 'Basic YTphOmE='])
  expect(basic).toEqual({ code: 2, out: '', err: '--token takes a bearer token\n' })
})

test('a token that an error of the application repeats is veiled, with its scheme in front or without', async () => {
  for (const token of ['throw-this-token', 'Bearer throw-this-token']) {
    const { code, err } = await run(['explain', token, '-p', './policies.ts#byTenant'])
    expect([code, err]).toEqual([2, 'cannot look up …\n'])
  }
})

test('what the module of the policy prints goes to standard error: standard output is the JSON alone', async () => {
  const { code, out, err } = await run(['explain', 'Bearer abcdefghij', '-p', './noisy.ts#noisy', '--json'])
  expect(JSON.parse(out)).toMatchObject({ policy: 'noisy', passed: false })
  for (const said of ['log at import', 'write at import', 'info at import', 'log of a verifier']) {
    expect(err).toContain(said)
    expect(out).not.toContain(said)
  }
  expect(code).toBe(1)
})

test.each([
  [['explain', 'x'], 'which policy? --policy ./policies.ts#readPosts'],
  [
    ['explain', 'x', '-p', './policies.ts'],
    'exports several policies; which?\n  ./policies.ts#byTenant\n  ./policies.ts#readPosts\n  ./policies.ts#writePosts',
  ],
  [['explain', 'x', '-p', './policies.ts#nobody'], 'exports no policy "nobody"'],
  [['explain', 'x', '-p', './absent.ts'], './absent.ts cannot be loaded'],
  [['explain', 'x', '--issuer', 'https://a.test'], '--issuer needs --audience'],
  [['explain', 'x', '-p', './policies.ts#readPosts', '-H', 'nothing'], '--header takes a line'],
  [['attack', 'http://198.51.100.1/', '-t', 'x'], '198.51.100.1 is not this machine'],
  [['attack', 'http://127.0.0.1.evil.test/', '-t', 'x'], '127.0.0.1.evil.test is not this machine'],
  [['attack', 'http://127.0.0.1@evil.test/', '-t', 'x'], 'evil.test is not this machine'],
  [['attack', 'ftp://127.0.0.1/', '-t', 'x'], 'attack needs an URL'],
  [['explain', 'x', '-p', './policies.ts#readPosts', '--scope', 'never:held'], '--scope goes with --issuer alone'],
  [['explain', 'x', '-p', './policies.ts#readPosts', '--audience', 'a'], '--audience goes with --issuer alone'],
  [['attack', 'http://127.0.0.1:9/', '-t', 'SecretBytes'], '--token must be a JWT\n'],
  [['attack', 'http://127.0.0.1:9/', '-t', 'e30'], '--token must be a JWT\n'],
  [['attack', 'http://127.0.0.1:9/', '-t', JWT, '-d', '{'], '--data must be JSON\n'],
  [['attack', 'http://127.0.0.1:9/', '-t', JWT, '-H', 'authorization: Basic x'], '--header must not be Authorization'],
  [['attack', 'http://127.0.0.1:9/', '-t', JWT, '--jwks', './absent.json'], '--jwks cannot be read: ENOENT'],
  [['attack', 'http://127.0.0.1:9/', '-t', JWT, '--jwks', './policies.ts'], '--jwks must be a JWK Set'],
  [['attack', 'http://127.0.0.1:9/', '-t', JWT], 'no answer to the good request: connect ECONNREFUSED'],
  [['attack', 'http://127.0.0.1/'], "required option '-t, --token <token>' not specified"],
  [['nonsense'], "unknown command 'nonsense'"],
])('%j is a question that is wrong: exit 2, and says how to ask', async (args, words) => {
  const { code, err, out } = await run(args)
  expect(err).toContain(words)
  expect({ code, out }).toEqual({ code: 2, out: '' })
})

test('explain gives the policy the request that was described, and prints nothing that a terminal obeys', async () => {
  const args = ['explain', 'x', '-p', './policies.ts#byTenant', '-H', 'X-Tenant: a', '--url', '/posts?page=2']
  const { code, out } = await run(args)
  expect(code).toBe(1)
  expect(out).toContain('✗ scope posts:read: expected posts:read, got ?[2Jodd?→ passes\n')
  expect(out).toContain('→ 403 insufficient_scope')
  expect((await run(args.slice(0, 4))).out).toContain('→ 401 invalid_token')
})

test("explain veils a credential in an application's error", async () => {
  const { code, err } = await run(['explain', 'throw-this-token', '-p', './policies.ts#byTenant'])
  expect({ code, err }).toEqual({ code: 2, err: 'cannot look up …\n' })
})

test('help names both commands', async () => {
  const { code, out } = await run(['--help'])
  expect(code).toBe(0)
  expect(out).toMatch(/attack \[options\] <url>[\s\S]*explain \[options\] \[token\]/)
})

test('attack: nothing gets into a route of ours', async () => {
  const { issuer: known } = await import('../test/policies.ts')
  const token = await known.token({ scopes: ['posts:write'] })
  const jwks = await (
    await known.fetch(`${known.url}/.well-known/jwks.json`, {
      headers: {},
      redirect: 'error',
      signal: AbortSignal.timeout(1000),
    })
  ).text()
  const keys = createServer((_request, response) => response.end(jwks)).listen(0, '127.0.0.1')
  await listening(keys)
  const { code, out, err } = await run(['attack', `${urlOf(good)}/posts`, '--token', '-', '--jwks', urlOf(keys)], {
    input: token,
  })
  keys.close()
  expect({ err, code }, out).toEqual({ err: '', code: 0 })
  expect(out).toContain('✓ HS256 with the public key as secret: PEM')
  expect(out).toMatch(/left out \(the issuer would have to sign it: attacksOn of .*\): expired, /)
  expect(out).toContain('left out (no object of somebody else: --other): other.*')
  expect(out).toContain("✓ the address of an attacker's key set in the header (jku)")
  expect(out).toMatch(/\d\d attacks: every one was refused\n$/)
  expect(out).not.toContain(token.split('.')[2])
})

test('attack: a server that only reads tokens is red, line by line', async () => {
  const token = await issuer.token()
  const { code, out } = await run(['attack', urlOf(careless), '--token', token])
  expect(code).toBe(1)
  expect(out).toMatch(/✗ alg none and no signature +200 {2}let in: 200 {2}RFC 8725 section 3\.1/)
  expect(out).toMatch(/! no credential +401 {2}a 401 without WWW-Authenticate/)
  expect(out).toMatch(/! spare bits set in the last character +200 {2}let in: 200/)
  expect(out).toMatch(/\d+ attacks: \d+ let in, \d+ taken where strictness refuses, 1 refused without a challenge\n$/)
  const told = out.replaceAll(/ {3,}/g, '  ').split('\n')
  for (const line of PRINTED[1]?.trimEnd().split('\n') ?? []) expect(told).toContain(line.replaceAll(/ {3,}/g, '  '))
  const lines = (await run(['attack', urlOf(careless), '--token', token, '--json'])).out.trim().split('\n')
  expect(lines.map((line) => JSON.parse(line))).toContainEqual({
    id: 'alg.none',
    name: 'alg none and no signature',
    section: 'RFC 8725 section 3.1',
    sender: 'anybody',
    severity: 'way in',
    status: 200,
    fault: { kind: 'let in', says: 'let in: 200' },
  })
})

const answering = async (status: (request: IncomingMessage) => number) =>
  listening(
    createServer((request, response) =>
      response.writeHead(status(request), { 'www-authenticate': 'Bearer' }).end(),
    ).listen(0, '127.0.0.1'),
  )

test('attack: what strictness alone refuses is told, and is no way in: exit 0', async () => {
  const token = await issuer.token()
  const lenient = await answering(({ headers: { authorization } }) =>
    authorization?.replace(/[\w-]=*$/, '') === `Bearer ${token}`.slice(0, -1) ? 200 : 401,
  )
  const { code, out } = await run(['attack', urlOf(lenient), '--token', token])
  lenient.close()
  expect(out).toMatch(/! spare bits set in the last character +200 {2}let in: 200/)
  expect(out).toMatch(/: \d taken where strictness refuses\n$/)
  expect(code).toBe(0)
})

test('attack: a server that lets nobody in after the attacks proves nothing: exit 2', async () => {
  let asked = 0
  const tired = await answering(() => ((asked += 1) === 1 ? 200 : 401))
  const { code, err } = await run(['attack', urlOf(tired), '--token', await issuer.token()])
  tired.close()
  expect(err).toMatch(/after the attacks, so they prove nothing: the good request was refused: 401/)
  expect(code).toBe(2)
})

test('attack: a server that fetches keys from where the token says lets the attacker in', async () => {
  const token = await issuer.token()
  const obeying = createServer(async (request, response) => {
    const given = request.headers.authorization?.replace(/^Bearer /, '') ?? ''
    const [header = ''] = given.split('.')
    const jku = /"jku":"([^"]+)"/.exec(Buffer.from(header, 'base64url').toString())?.[1]
    const keys = jku ? ((await (await fetch(jku)).json()) as { keys: object[] }).keys : []
    response.writeHead(given === token || keys.length > 0 ? 200 : 401, { 'www-authenticate': 'Bearer' }).end()
  })
  await listening(obeying.listen(0, '127.0.0.1'))
  const { code, out } = await run(['attack', urlOf(obeying), '--token', token])
  obeying.close()
  expect(out.match(/^✗.*$/gm)).toEqual([expect.stringContaining('(jku)')])
  expect(code).toBe(1)
})

test.each([
  ['is not there', 404, '{}', '--jwks cannot be read: http://127.0.0.1:'],
  ['is too large', 200, ' '.repeat(1024 * 1024 + 1), '--jwks is larger than 1 MiB\n'],
  ['is null', 200, 'null', '--jwks must be a JWK Set'],
  ['has no keys', 200, '{}', '--jwks must be a JWK Set'],
  ['holds a secret alone', 200, '{"keys":[{"kty":"oct","k":"AAAA"},null]}', '--jwks holds no public key'],
])('attack: a key set that %s is told: exit 2', async (_name, status, body, words) => {
  const keys = createServer((_request, response) => response.writeHead(status).end(body)).listen(0, '127.0.0.1')
  await listening(keys)
  const { code, err } = await run(['attack', 'http://127.0.0.1:9/', '-t', JWT, '--jwks', urlOf(keys)])
  keys.close()
  expect(err).toContain(words)
  expect(code).toBe(2)
})

test('attack: a good request that does not pass proves nothing: exit 2', async () => {
  const { code, err } = await run(['attack', `${urlOf(good)}/posts`, '--token', await issuer.token()])
  expect({ code, err }).toEqual({ code: 2, err: 'the good request was refused: 401, so no attack proves anything\n' })
})
