import { execFile } from 'node:child_process'
import { subscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type Server, request as send } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { apiKeys } from '@countersign/api-keys'
import { problems as expressProblems, protect as expressProtect } from '@countersign/express'
import { problems as fastifyProblems, protect as fastifyProtect } from '@countersign/fastify'
import { Unavailable } from '@countersign/http'
import { type AnyPolicy, anyOf, apiKey, basic, bearer, policy, publicRoute } from '@countersign/policy'
import { memoryStore } from '@countersign/store'
import { localIssuer } from '@countersign/tokens'
import express from 'express'
import Fastify from 'fastify'
import helmet from 'helmet'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { type Exposed, type ExposedOptions, httpsOnly, knownHosts } from '../src/index.ts'

const run = promisify(execFile)
const ORIGIN = 'https://api.acme.com'
const store = memoryStore()
const own = localIssuer({ issuer: ORIGIN, audience: ORIGIN, store })
const keys = apiKeys({ prefix: 'acme', store })
const ada = basic(({ password }) => (password === 'CANARY-password' ? { subject: 'ada' } : undefined))
const accept = anyOf(bearer(own, { cookie: 'session' }), apiKey(keys), ada)
const events: unknown[] = []
subscribe('countersign:credential-exposed', (event) => void events.push(event))
const revoked: string[] = []
const secure = httpsOnly({
  origin: ORIGIN,
  exposed: {
    accept,
    async revoke({ scheme, principal }) {
      revoked.push(scheme)
      if (scheme === 'bearer') await own.revoke(principal)
      if (scheme === 'apiKey' && principal.credential?.id) await keys.revoke(principal.credential.id)
    },
  },
})
const door = publicRoute({ name: 'door', conditions: [secure] })
const inside = policy({ accept })

type Start = (trusted: boolean, door: AnyPolicy) => Promise<Server>
const HOSTS: Readonly<Record<string, Start>> = {
  express: async (trusted, door) => {
    const app = express()
    if (trusted) app.set('trust proxy', 'loopback')
    app.use(expressProtect(door))
    app.get('/me', expressProtect(inside), (request, response) => void response.json(inside.principal(request).subject))
    app.get('/page', (_request, response) => void response.json('page'))
    app.use(expressProblems())
    return createServer(app)
  },
  fastify: async (trusted, door) => {
    const app = Fastify({ trustProxy: trusted })
    app.register(fastifyProblems)
    app.addHook('onRequest', fastifyProtect(door))
    app.get('/me', { onRequest: fastifyProtect(inside) }, async (request) => inside.principal(request).subject)
    app.get('/page', async () => 'page')
    await app.ready()
    return app.server
  },
  node: async (_trusted, door) =>
    createServer(async (request, response) => {
      const verdict = await door.check(request)
      const passed = verdict?.status === undefined
      const answer = passed ? { status: 200, headers: verdict?.headers ?? {}, body: 'page' } : verdict
      response.writeHead(answer.status, answer.headers).end(answer.body)
    }),
}

const open: Server[] = []
async function started(host: string, trusted = false, policy = door): Promise<number> {
  const server = await (HOSTS[host] as Start)(trusted, policy)
  open.push(server.listen(0, '127.0.0.1'))
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}
afterAll(() => Promise.all(open.map((server) => new Promise((done) => server.close(done)))))
beforeEach(() => {
  events.length = 0
  revoked.length = 0
})

interface Got {
  readonly status: number | undefined
  readonly headers: IncomingHttpHeaders
  readonly body: string
}
async function get(port: number, path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Got> {
  const asked = send({ host: '127.0.0.1', port, path, headers, method }).end()
  const [answer] = (await once(asked, 'response')) as [import('node:http').IncomingMessage]
  let body = ''
  for await (const chunk of answer) body += chunk
  return { status: answer.statusCode, headers: answer.headers, body }
}
const PAGE = { accept: 'text/html,application/xhtml+xml;q=0.9' }
const issued = async () => (await own.issue({ subject: 'ada', scopes: [] })).access_token

describe.each(Object.keys(HOSTS))('httpsOnly on %s', (host) => {
  test('a program without TLS gets 403 and nothing to follow', async () => {
    const { status, headers, body } = await get(await started(host), '/page', { accept: 'application/json' })
    expect([status, headers.location, headers['strict-transport-security']]).toEqual([403, undefined, undefined])
    expect(JSON.parse(body)).toMatchObject({ code: 'access_denied', detail: 'This is served over HTTPS only.' })
  })

  test('a browser is sent to the origin that is configured, whatever Host it named', async () => {
    const port = await started(host)
    const asked = await get(port, '/page?a=%20b&c=//x', { ...PAGE, host: 'evil.example' })
    expect([asked.status, asked.headers.location]).toEqual([308, 'https://api.acme.com/page?a=%20b&c=//x'])
    const navigated = await get(port, '/page', { 'sec-fetch-mode': 'navigate' })
    expect(navigated.status).toBe(308)
    expect((await get(port, '/page', { ...PAGE, 'sec-fetch-mode': 'cors' })).status).toBe(403)
    expect((await get(port, '/page', PAGE, 'POST')).status).toBe(403)
    expect((await get(port, '//evil.example/%2f..', PAGE)).headers.location).toMatch(/^https:\/\/api\.acme\.com\//)
  })

  test('X-Forwarded-Proto of a stranger changes nothing', async () => {
    const port = await started(host)
    for (const name of ['x-forwarded-proto', 'X_Forwarded_Proto', 'forwarded', 'x-forwarded-ssl', 'front-end-https'])
      expect((await get(port, '/page', { [name]: name === 'forwarded' ? 'proto=https' : 'https' })).status).toBe(403)
  })

  test('a right token in the clear is refused, revoked and told; a browser is not sent on with it', async () => {
    const token = await issued()
    const port = await started(host)
    const { status, headers, body } = await get(port, '/me', { ...PAGE, authorization: `Bearer ${token}` })
    expect([status, headers.location]).toEqual([403, undefined])
    expect(body).toContain('replace it')
    expect(await own.verify(token)).toMatchObject({ code: 'invalid_token', reason: 'token.revoked' })
    expect(events).toMatchObject([
      { type: 'credential_exposed', scheme: 'bearer', subject: 'ada', revoked: true, method: 'GET', path: '/me' },
    ])
    expect(events).toMatchObject([{ ip: '127.0.0.1' }])
    expect(JSON.stringify(events)).not.toContain(token)
  })

  test('so are an API key, a cookie and a password, each by what ends it', async () => {
    const port = await started(host)
    const { key } = await keys.create({ subject: 'ada', scopes: [] })
    expect((await get(port, '/me', { 'x-api-key': key })).status).toBe(403)
    expect(await keys.verify(key)).toMatchObject({ reason: 'api-key.revoked' })
    const token = await issued()
    expect((await get(port, '/me', { cookie: `session=${token}` })).status).toBe(403)
    expect(await own.verify(token)).toMatchObject({ reason: 'token.revoked' })
    const password = `Basic ${btoa('ada:CANARY-password')}`
    expect((await get(port, '/me', { authorization: password })).status).toBe(403)
    expect(revoked).toEqual(['apiKey', 'bearer', 'basic'])
    expect(JSON.stringify(events)).not.toMatch(/CANARY|Q0FOQVJZ/)
  })

  test('a wrong credential is refused and told; nothing is revoked', async () => {
    const { status } = await get(await started(host), '/me', { authorization: 'Bearer nonsense' })
    expect([status, revoked]).toEqual([403, []])
    expect(events).toMatchObject([{ revoked: false }])
  })
})

describe.each(Object.keys(HOSTS))('behind a proxy that %s was not told to trust', (host) => {
  test.each([{ 'x-forwarded-proto': 'https' }, { forwarded: 'for=192.0.2.1;proto=https' }])(
    'a credential that came by %j is refused and told, and stays good',
    async (said) => {
      const token = await issued()
      const { key } = await keys.create({ subject: 'ada', scopes: [] })
      const port = await started(host)
      const { status, body } = await get(port, '/me', { ...said, authorization: `Bearer ${token}`, 'x-api-key': key })
      expect([status, revoked]).toEqual([403, []])
      expect(body).not.toContain('replace it')
      expect(await own.verify(token)).toMatchObject({ subject: 'ada' })
      expect(await keys.verify(key)).toMatchObject({ subject: 'ada' })
      expect(events).toMatchObject([{ type: 'credential_exposed', revoked: false, ip: '127.0.0.1', path: '/me' }])
      expect(JSON.stringify(events)).not.toContain(token)
    },
  )

  test('what the proxy says is plain HTTP is ended all the same', async () => {
    const token = await issued()
    const headers = { 'x-forwarded-proto': 'http', forwarded: 'proto=http', authorization: `Bearer ${token}` }
    expect((await get(await started(host), '/me', headers)).status).toBe(403)
    expect(revoked).toEqual(['bearer'])
  })
})

test('the process is told once which peer is to be trusted, not what it said', async () => {
  // Whoever runs the tests may have warnings off (NODE_NO_WARNINGS).
  const env = { PATH: process.env.PATH }
  const file = fileURLToPath(new URL('forgotten-proxy.ts', import.meta.url))
  const { stdout, stderr } = await run(process.execPath, [file], { env })
  expect(stdout.trim()).toBe('403 403 403')
  expect(stderr.match(/COUNTERSIGN_PROXY/g)).toHaveLength(1)
  expect(stderr).toContain('from 127.0.0.1 had the header X-Forwarded-Proto')
  expect(stderr).toContain("app.set('trust proxy', '127.0.0.1')")
})

describe.each(['express', 'fastify'])('behind a proxy that %s was told to trust', (host) => {
  test('its X-Forwarded-Proto counts, answers carry HSTS, and policies go on', async () => {
    const port = await started(host, true)
    const passed = await get(port, '/page', { 'x-forwarded-proto': 'https' })
    expect([passed.status, passed.headers['strict-transport-security']]).toEqual([200, 'max-age=63072000'])
    const refused = await get(port, '/me', { 'x-forwarded-proto': 'https' })
    expect([refused.status, refused.headers['strict-transport-security']]).toEqual([401, 'max-age=63072000'])
    expect(refused.headers['www-authenticate']).toContain('Bearer')
    expect((await get(port, '/page', { 'x-forwarded-proto': 'http' })).status).toBe(403)
  })
})

test('helmet stands alongside: its own HSTS, one line', async () => {
  const app = express()
  app.set('trust proxy', 'loopback')
  app.use(helmet(), expressProtect(publicRoute({ conditions: [httpsOnly({ origin: ORIGIN, hsts: false })] })))
  app.get('/page', (_request, response) => void response.json('page'))
  const server = createServer(app)
  open.push(server.listen(0, '127.0.0.1'))
  await once(server, 'listening')
  const { headers } = await get((server.address() as AddressInfo).port, '/page', { 'x-forwarded-proto': 'https' })
  expect(headers['strict-transport-security']).toBe('max-age=31536000; includeSubDomains')
})

test('or ours: helmet told to send none', async () => {
  const app = express()
  app.set('trust proxy', 'loopback')
  app.use(helmet({ strictTransportSecurity: false }), expressProtect(door))
  app.get('/page', (_request, response) => void response.json('page'))
  const server = createServer(app)
  open.push(server.listen(0, '127.0.0.1'))
  await once(server, 'listening')
  const { headers } = await get((server.address() as AddressInfo).port, '/page', { 'x-forwarded-proto': 'https' })
  expect(headers['strict-transport-security']).toBe('max-age=63072000')
})

describe.each(Object.keys(HOSTS))('knownHosts on %s', (host) => {
  test('takes its names in any case, with their ports or any; refuses the rest with 400', async () => {
    const hosts = publicRoute({ conditions: [knownHosts(['api.acme.com', 'localhost:3000', '[::1]'])] })
    const port = await started(host, true, hosts)
    for (const good of ['api.acme.com', 'API.acme.com:8443', 'localhost:3000', '[::1]:80'])
      expect((await get(port, '/page', { host: good })).status, good).toBe(200)
    const bad = [
      'evil.example',
      'api.acme.com.evil.example',
      'localhost:3001',
      'api.acme.com@evil',
      'api.acme.com:80:1',
      '',
    ]
    for (const host of bad) {
      const { status, body } = await get(port, '/page', { host, 'x-forwarded-host': 'api.acme.com' })
      expect([status, JSON.parse(body).code], host).toEqual([400, 'invalid_request'])
    }
    if (host !== 'express')
      // whose router takes an absolute target for a path
      expect((await get(port, 'http://evil.example/page', { host: 'api.acme.com' })).status).toBe(400)
  })
})

describe('where a credential cannot be ended', () => {
  const wire = (...rawHeaders: string[]) => ({ headers: {}, rawHeaders, method: 'GET', url: '/', socket: {} })
  const both = async () => wire('authorization', `Bearer ${await issued()}`, 'x-api-key', await madeKey())
  const madeKey = async () => (await keys.create({ subject: 'bob', scopes: [] })).key
  const doorWith = (options: Pick<ExposedOptions, 'revoke'> & Partial<ExposedOptions>) =>
    publicRoute({ conditions: [httpsOnly({ origin: ORIGIN, exposed: { accept, ...options } })] })

  test('it is told as not revoked, the next one is ended all the same, and the first error is thrown', async () => {
    const ended: string[] = []
    const revoke = ({ scheme }: Exposed) => {
      ended.push(scheme)
      if (scheme === 'bearer') throw new Error('first')
    }
    await expect(doorWith({ revoke }).check(await both())).rejects.toThrow('first')
    expect(ended).toEqual(['bearer', 'apiKey'])
    expect(events).toMatchObject([
      { scheme: 'bearer', subject: 'ada', revoked: false },
      { scheme: 'apiKey', subject: 'bob', revoked: true },
    ])
  })

  test('of two errors the first is thrown', async () => {
    const revoke = async ({ scheme }: Exposed) => Promise.reject(new Error(scheme))
    await expect(doorWith({ revoke }).check(await both())).rejects.toThrow('bearer')
    expect(events).toMatchObject([{ revoked: false }, { revoked: false }])
  })

  test('because nobody can verify it, that is told without a name, and the next one is ended', async () => {
    const down = bearer(() => {
      throw new Unavailable('the key source')
    })
    const ended: string[] = []
    const revoke = ({ scheme }: Exposed) => void ended.push(scheme)
    const verdict = await doorWith({ accept: anyOf(down, apiKey(keys)), revoke }).check(await both())
    expect(verdict).toMatchObject({ status: 503 })
    expect(ended).toEqual(['apiKey'])
    expect(events).toMatchObject([
      { scheme: 'bearer', revoked: false },
      { scheme: 'apiKey', subject: 'bob', revoked: true },
    ])
    expect(events[0]).not.toHaveProperty('subject')
  })

  test('documents say that it may be 503, and only there', () => {
    expect(secure.refuses).toEqual(['access_denied', 'temporarily_unavailable'])
    expect(httpsOnly({ origin: ORIGIN }).refuses).toEqual(['access_denied'])
  })
})

test('explain tells, and revokes nothing', async () => {
  const token = await issued()
  const rawHeaders = ['authorization', `Bearer ${token}`]
  const explained = await door.explain({ headers: {}, rawHeaders, method: 'GET', url: '/', socket: {} })
  expect(explained).toMatchObject({ passed: false, status: 403, steps: [{ reason: 'transport.exposed' }] })
  expect(await own.verify(token)).toMatchObject({ subject: 'ada' })
})

describe('wrong options are refused where they are made', () => {
  test.each([
    { origin: 'http://api.acme.com', says: '`origin` must be' },
    { origin: 'https://api.acme.com/path', says: 'without a path' },
    { origin: undefined, says: '`origin` must be' },
    { origin: ORIGIN, hsts: { preload: true }, says: '`hsts.preload` needs' },
    { origin: ORIGIN, hsts: { maxAge: -1 }, says: 'whole seconds' },
    { origin: ORIGIN, hst: false, says: 'has no option "hst"' },
    { origin: ORIGIN, exposed: { accept }, says: '`exposed` takes { accept, revoke }' },
  ])('$says', ({ says, ...options }) => {
    expect(() => httpsOnly(options as never)).toThrow(says)
  })
  test.each(['api.acme.com/path', 'https://api.acme.com', '', 'a b', undefined])('no host: %s', (host) => {
    expect(() => knownHosts([host as string])).toThrow('is no host name')
  })
  test('no hosts', () => expect(() => knownHosts([])).toThrow('takes the names'))
})
