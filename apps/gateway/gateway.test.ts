// The gateway as a process, services on both frameworks behind it, and requests as bytes.
import { mkdtempSync, rmSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { apiKeys } from '@countersign/api-keys'
import { sqliteStore } from '@countersign/store'
import { localIssuer } from '@countersign/tokens'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { listen, type Running } from './listen.ts'
import { freePort, type Started, startGateway, until } from './processes.ts'
import { raw, request } from './raw.ts'
import { SERVICES, type Seen, type Shown } from './upstream.ts'

const folder = mkdtempSync(join(tmpdir(), 'gateway-'))
const file = join(folder, 'auth.db')
const store = sqliteStore(file)
const ISSUER = 'https://sample.test'
const issuer = localIssuer({ issuer: ISSUER, audience: 'https://api.sample.test', store })

let token = ''
let reader = ''
let key = ''
beforeAll(async () => {
  token = (await issuer.issue({ subject: 'usr_1', scopes: ['posts:read', 'posts:write'], roles: ['author'] }))
    .access_token
  reader = (await issuer.issue({ subject: 'usr_2', scopes: ['posts:read'] })).access_token
  key = (await apiKeys({ store, prefix: 'sample' }).create({ subject: 'usr_3', scopes: ['posts:read'] })).key
})
afterAll(async () => {
  await store.close()
  rmSync(folder, { recursive: true })
})

const codeOf = async (answer: Response) => ((await answer.json()) as { code?: string }).code

describe.each(Object.keys(SERVICES))('a service on %s', (framework) => {
  const seen: Seen = { requests: [], open: 0, broken: 0 }
  let service: Running
  let gateway: Started
  let port = 0
  beforeAll(async () => {
    port = await freePort()
    const jwksUri = `http://127.0.0.1:${port}/.well-known/jwks.json`
    const make = SERVICES[framework] as (typeof SERVICES)[string]
    service = await listen(await make({ issuer: ISSUER, audience: 'posts', jwksUri }, seen))
    const env = {
      UPSTREAM: service.url,
      STORE: `sqlite:${file}`,
      BODY_LIMIT: '100000',
      TIMEOUT: '1500',
      IDLE_TIMEOUT: '3000',
      HEADERS_TIMEOUT: '1',
    }
    gateway = await startGateway(port, env)
  })
  afterAll(async () => {
    await gateway.stop()
    await service.stop()
  })
  beforeEach(() => {
    seen.requests.length = 0
  })

  const call = (path: string, init: RequestInit & { as?: string } = {}) =>
    fetch(`http://127.0.0.1:${port}${path}`, {
      ...init,
      headers: { ...(init.as && { authorization: `Bearer ${init.as}` }), ...(init.headers as object) },
    })
  const names = ({ headers }: Shown) => headers.filter((_, at) => at % 2 === 0).map((name) => name.toLowerCase())
  const last = () => seen.requests.at(-1) as Shown

  test('gets the caller, whom the gateway proved, and none of the credentials', async () => {
    const answer = await call('/posts/7?draft=1', { as: token })
    expect(answer.status).toBe(200)
    expect(last()).toMatchObject({
      url: '/posts/7?draft=1',
      caller: { subject: 'usr_1', scopes: ['posts:read', 'posts:write'], scheme: 'bearer' },
    })
    expect(names(last())).not.toContain('authorization')
    expect(last().headers).toContain(answer.headers.get('x-request-id'))
    expect((await call('/posts', { headers: { 'x-api-key': key } })).status).toBe(200)
    expect(last().caller).toMatchObject({ subject: 'usr_3', scheme: 'apiKey' })
    expect(names(last())).not.toContain('x-api-key')
  })

  test('is not asked where the policy of the route says no', async () => {
    const answers = await Promise.all([
      call('/posts'),
      call('/posts', { as: 'abc.def.ghi' }),
      call('/posts', { as: reader, method: 'POST', body: '{}' }),
      call('/posts/7', { as: token, method: 'DELETE' }),
      call('/elsewhere', { as: token }),
      call('/posts/7', { as: token, method: 'PATCH' }),
    ])
    expect(answers.map(({ status }) => status)).toEqual([401, 401, 403, 403, 404, 405])
    expect(answers[0]?.headers.get('www-authenticate')).toMatch(/^Bearer .*ApiKey/)
    expect(answers[5]?.headers.get('allow')).toBe('GET, HEAD, POST, PUT, DELETE')
    expect(answers.map(({ headers }) => headers.get('content-type'))).toEqual(Array(6).fill('application/problem+json'))
    expect(seen.requests).toEqual([])
  })

  test.each([
    '//posts',
    '/posts//7',
    '/posts/../posts',
    '/posts/%2e%2e/posts',
    '/posts%2f7',
    '/posts/a;b',
    '/posts/a\\b',
    '/POSTS',
    '/posts/%',
    '/%70osts',
    '/events/',
  ])('is not asked for %s, which another server could read as another path', async (path) => {
    const got = await raw(port, request(`GET ${path}`, ['Host: a', `Authorization: Bearer ${token}`]))
    expect([400, 404]).toContain(got.status)
    expect(seen.requests).toEqual([])
  })

  test('refuses who comes to it directly: with nothing, with forged headers, with an identity of another request', async () => {
    await call('/posts/7', { as: token })
    const identity = last().headers[
      last().headers.findIndex((name) => name.toLowerCase() === 'countersign-identity') + 1
    ] as string
    const direct = async (path: string, headers: Record<string, string>, method = 'GET') =>
      (await fetch(service.url + path, { headers, method })).status
    expect(await direct('/posts/7', {})).toBe(401)
    expect(await direct('/posts/7', { 'x-user': 'usr_1', 'x-auth-subject': 'usr_1' })).toBe(401)
    expect(await direct('/posts/7', { authorization: `Bearer ${token}` })).toBe(401)
    expect(await direct('/posts/7', { 'countersign-identity': token })).toBe(401)
    expect(await direct('/posts/8', { 'countersign-identity': identity })).toBe(401)
    expect(await direct('/posts/7?admin=1', { 'countersign-identity': identity })).toBe(401)
    expect(await direct('/posts/7', { 'countersign-identity': identity }, 'DELETE')).toBe(401)
    expect(await direct('/posts/7', { 'countersign-identity': identity, 'x-user': 'root' })).toBe(401)
    expect(await direct('/posts/7', { 'countersign-identity': identity })).toBe(200)
  })

  describe('bytes that clients send to be believed', () => {
    const good = () => [`Host: api.acme.com`, `Authorization: Bearer ${token}`]
    const show = async (headers: readonly string[], line = 'GET /posts') => {
      const got = await raw(port, request(line, [...good(), ...headers]))
      return { ...got, reached: seen.requests.length, shown: JSON.stringify(seen.requests) }
    }

    test.each([
      ['X-User'],
      ['x_user'],
      ['X.User'],
      ['X-Auth-Subject'],
      ['X_Auth_Subject'],
      ['X-AUTH_subject'],
      ['Remote-User'],
      ['X-Forwarded-User'],
      ['Countersign-Identity'],
      ['countersign_identity'],
      ['X-Original-URL'],
      ['X-HTTP-Method-Override'],
    ])('%s', async (name) => {
      const { status, shown } = await show([`${name}: root`, `${name.toUpperCase()}: root`])
      expect(status).toBe(200)
      expect(shown).not.toContain('root')
      expect(last().caller?.subject).toBe('usr_1')
    })

    test('Connection: X-User, and Connection with the names of the gateway itself', async () => {
      const { status, shown } = await show([
        'Connection: X-User, Countersign-Identity, X-Forwarded-For',
        'X-User: root',
      ])
      expect(status).toBe(200)
      expect(shown).not.toContain('root')
      expect(names(last())).toEqual(expect.arrayContaining(['countersign-identity', 'x-forwarded-for']))
    })

    test('a second Host: 400, and the service sees none', async () => {
      const { status, reached } = await show(['Host: evil.test'])
      expect([status, reached]).toEqual([400, 0])
    })

    test('one Host is that of the service, whatever the client called it', async () => {
      await show([])
      const at = last().headers.findIndex((name) => name.toLowerCase() === 'host')
      expect(last().headers[at + 1]).toBe(new URL(service.url).host)
      expect(names(last()).filter((name) => name === 'host')).toHaveLength(1)
    })

    test.each([
      ['Transfer-Encoding beside Content-Length', ['Transfer-Encoding: chunked', 'Content-Length: 3']],
      ['two lengths', ['Content-Length: 3', 'Content-Length: 4']],
      ['another transfer coding', ['Transfer-Encoding: chunked, identity']],
      ['a coding that only looks like chunked', ['Transfer-Encoding: xchunked']],
      ['a length with a sign', ['Content-Length: +3']],
      ['a header name with a space behind it', ['X-User : root']],
      ['a header name with a tab in it', ['X-\tUser: root']],
      ['a bare line feed in a value', ['X-A: b\nX-User: root']],
      ['a bare carriage return in a value', ['X-A: b\rX-User: root']],
      ['a NUL in a value', ['X-A: b\0']],
      ['an empty name', [': root']],
    ])('%s: 400, on a closed connection', async (_what, headers) => {
      const { status, reached, text } = await show(headers, 'POST /posts')
      expect([status, reached]).toEqual([400, 0])
      expect(text.match(/HTTP\/1\.1/g)).toHaveLength(1)
      expect(text).toContain('"code":"invalid_request"')
    })

    test.each([
      ['a space', ' X-User: root'],
      ['a tab', '\tX-User: root'],
    ])('a line that goes on with %s (obs-fold): 400, and the service sees nothing', async (_what, line) => {
      const { status, reached } = await show(['X-A: b', line])
      expect([status, reached]).toEqual([400, 0])
    })

    test('hundreds of them: none goes on; ten thousand: 431, and the service sees nothing', async () => {
      const many = await show([...Array(300).fill('X-User: r'), ...Array(300).fill('X_User:r')])
      expect([many.status, many.reached]).toEqual([200, 1])
      expect(many.shown).not.toMatch(/x.user/i)
      const more = await show(Array(10_000).fill('X-User: r'))
      expect([more.status, more.reached]).toEqual([431, 1])
    })

    test.each([
      ['GET', 'a length', (body: string) => [`Content-Length: ${body.length}`]],
      ['HEAD', 'a length', (body: string) => [`Content-Length: ${body.length}`]],
      ['GET', 'chunks', () => ['Transfer-Encoding: chunked']],
    ])(
      'a %s with a body, in %s: 400, and nothing is left behind for the next request',
      async (method, _how, framed) => {
        const smuggled = request('GET /posts/smuggled', ['Host: a', 'X-User: root'])
        const body = _how === 'chunks' ? `${smuggled.length.toString(16)}\r\n${smuggled}\r\n0\r\n\r\n` : smuggled
        const bytes = request(`${method} /posts/1`, [...good(), 'Content-Type: text/plain', ...framed(smuggled)], body)
        const got = await raw(port, bytes + request('GET /posts/2', [...good(), 'Connection: close']))
        expect(got.text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 400', 'HTTP/1.1 200'])
        expect(got.head).toMatch(/content-type: application\/problem\+json/)
        expect(seen.requests.map(({ url }) => url)).toEqual(['/posts/2'])
      },
    )

    test('a GET that says it has no body goes on', async () => {
      expect((await show(['Content-Length: 0'])).status).toBe(200)
    })

    test.each(['/posts', '/.well-known/jwks.json', '/elsewhere'])(
      'no Host at %s: 400, as problem details',
      async (path) => {
        const got = await raw(port, request(`GET ${path}`, [`Authorization: Bearer ${token}`, 'Connection: close']))
        expect(got.status).toBe(400)
        expect(got.head).toMatch(/\r\ncontent-type: application\/problem\+json/)
        expect(got.head).toMatch(/\r\ncontent-length: \d+/)
        expect(JSON.parse(got.body)).toMatchObject({ status: 400, code: 'invalid_request' })
        expect(seen.requests).toEqual([])
      },
    )

    test('HTTP/1.0 needs none', async () => {
      const bytes = `GET /posts HTTP/1.0\r\nAuthorization: Bearer ${token}\r\n\r\n`
      expect((await raw(port, bytes)).status).toBe(200)
    })

    test('an absolute target goes where the route table says, not where it names', async () => {
      const { status } = await show([], 'GET http://evil.test/posts?a=b')
      expect(status).toBe(200)
      expect(last()).toMatchObject({ url: '/posts?a=b', caller: { subject: 'usr_1' } })
      expect(JSON.stringify(last())).not.toContain('evil')
    })
  })

  test('a public route has no caller, and still no forged one', async () => {
    const got = await call('/public/hello', { headers: { 'x-user': 'root', cookie: 'a=b' } })
    expect(got.status).toBe(200)
    expect(names(last())).not.toEqual(expect.arrayContaining(['countersign-identity']))
    expect(JSON.stringify(last())).not.toMatch(/root|a=b/)
  })

  test('bodies go on as they are, with a length or in chunks, up to the limit', async () => {
    const post = (body: NonNullable<RequestInit['body']>, more: object = {}) =>
      call('/posts', { as: token, method: 'POST', body, headers: { 'content-type': 'text/plain' }, ...more })
    expect((await post(Buffer.from([0xff, 0xfe, 0x00, 0x61]))).status).toBe(200)
    expect(last().body).toBe('\xff\xfe\0a')
    const chunks = (count: number, size: number) => ReadableStream.from(Array(count).fill(Buffer.alloc(size, 'a')))
    expect((await post(chunks(9, 10_000), { duplex: 'half' })).status).toBe(200)
    expect(last().body).toHaveLength(90_000)
    seen.requests.length = 0
    const long = await post('a'.repeat(100_001))
    expect([long.status, await codeOf(long)]).toEqual([413, 'content_too_large'])
    const longer = await post(chunks(20, 10_000), { duplex: 'half' })
    expect([longer.status, await codeOf(longer)]).toEqual([413, 'content_too_large'])
    expect(seen.requests).toEqual([])
  })

  test('a body over the limit does not hold up the next request of its connection', async () => {
    const long = 'a'.repeat(300_000)
    const head = ['Host: a', `Authorization: Bearer ${token}`]
    const chunked = request(
      'POST /posts',
      [...head, 'Transfer-Encoding: chunked'],
      `${long.length.toString(16)}\r\n${long}\r\n0\r\n\r\n`,
    )
    const { text } = await raw(port, chunked + request('GET /posts/next', head))
    expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 413', 'HTTP/1.1 200'])
    expect(seen.requests.map(({ url }) => url)).toEqual(['/posts/next'])
  })

  test('a body that breaks off breaks off at the service: it is never taken for a whole one', async () => {
    const head = request('POST /posts', ['Host: a', `Authorization: Bearer ${token}`, 'Content-Length: 100'])
    const before = seen.broken
    const socket = connect(port, '127.0.0.1')
    socket.write(`${head}half`)
    await sleep(300)
    socket.destroy()
    await until(() => seen.broken === before + 1, 1000)
    expect(seen.requests).toEqual([])
  })

  test('who is refused is answered without waiting for the body, and the service is not asked', async () => {
    const got = await raw(port, request('POST /posts', ['Host: a', 'Content-Length: 100000']))
    expect(got.status).toBe(401)
    expect(seen.requests).toEqual([])
  })

  test('a head that does not end is told 408 and closed', async () => {
    const { status, text } = await raw(port, 'GET /posts HTTP/1.1\r\nHost: a\r\nX-Slow: a')
    expect(status).toBe(408)
    expect(text).toContain('"code":"request_timeout"')
  })

  test('what the service answers comes back, asked once; what is for its connection alone does not', async () => {
    const answer = await call('/posts/busy', { as: token })
    expect([answer.status, answer.headers.get('retry-after'), await answer.text()]).toEqual([503, '7', 'busy'])
    expect(answer.headers.get('x-kept')).toBe('yes')
    expect(answer.headers.get('connection')).not.toMatch(/x-secret/i)
    expect(answer.headers.get('x-secret')).toBeNull()
    expect(answer.headers.get('proxy-authenticate')).toBeNull()
    expect(answer.headers.get('keep-alive')).not.toMatch('max=7')
    expect(answer.headers.get('content-type')).toBe('text/busy')
    expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
    expect(seen.requests).toHaveLength(1)
  })

  test.each(['/posts/hang', '/posts/break'])(
    '%s: a service that does not answer is 503, as problem details',
    async (path) => {
      const answer = await call(path, { as: token })
      expect([answer.status, await codeOf(answer)]).toEqual([503, 'temporarily_unavailable'])
      expect(answer.headers.get('retry-after')).toBe('1')
    },
  )

  test('an answer that breaks off does not look whole', async () => {
    const answer = await call('/posts/half', { as: token })
    await expect(answer.text()).rejects.toThrow()
  })

  test('events come one by one, and end at the service when the client goes', async () => {
    const before = performance.now()
    const arrived: number[] = []
    await new Promise<void>((resolve, reject) => {
      const sent = httpRequest(
        { port, host: '127.0.0.1', path: '/events', headers: { authorization: `Bearer ${token}` } },
        (response) =>
          response.on('data', () => {
            arrived.push(performance.now() - before)
            if (arrived.length < 4) return
            sent.destroy()
            resolve()
          }),
      )
      sent.on('error', (error) => (arrived.length < 4 ? reject(error) : resolve())).end()
    })
    expect((arrived[3] as number) - (arrived[0] as number)).toBeGreaterThan(150)
    await until(() => seen.open === 0, 1000)
  })
})
