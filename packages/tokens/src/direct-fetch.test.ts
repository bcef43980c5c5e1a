// Where keys are fetched from is decided by the address that the socket goes to.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTlsServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { gzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { reachFor } from './address.ts'
import { directFetch, fetchWithin, type Lookup, publicFetch } from './direct-fetch.ts'
import { fetchJson } from './fetch-json.ts'
import { remoteIssuer } from './remote-issuer.ts'

const hasOpenssl = spawnSync('openssl', ['version']).status === 0
if (!hasOpenssl) console.warn('\n!!! no openssl: nothing is fetched over TLS\n')
let port: number
let requests: IncomingMessage[]
let connections: number
let answer: (response: ServerResponse, request: IncomingMessage) => void
const server = createServer((request, response) => {
  requests.push(request)
  answer(response, request)
})
server.on('connection', () => connections++)

beforeEach(async () => {
  requests = []
  connections = 0
  answer = (response) => response.end('{"keys":[]}')
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  port = (server.address() as AddressInfo).port
})
afterEach(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

/** A resolver that gives these answers, one after the other, and counts. */
function resolver(...answers: string[][]): Lookup & { asked: number } {
  const lookup: Lookup & { asked: number } = (_name, _options, callback) => {
    const addresses = answers[Math.min(lookup.asked++, answers.length - 1)] as string[]
    callback(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    )
  }
  lookup.asked = 0
  return lookup
}
const get = (url: string, allowPrivate: boolean, lookup?: Lookup) =>
  fetchJson(
    directFetch(reachFor('https://issuer.test', allowPrivate), lookup && { lookup }),
    url,
    AbortSignal.timeout(3000),
  )

describe('a name', () => {
  test('that resolves to the loopback is not connected to; with allowPrivate it is', async () => {
    const lookup = resolver(['127.0.0.1'])
    await expect(get(`http://keys.test:${port}/jwks`, false, lookup)).rejects.toThrow('keys.test is at 127.0.0.1')
    expect(connections).toBe(0)
    expect(await get(`http://keys.test:${port}/jwks`, true, lookup)).toEqual({ keys: [] })
    expect(requests[0]?.headers.host).toBe(`keys.test:${port}`)
  })

  test.each([['::ffff:127.0.0.1'], ['10.1.2.3'], ['169.254.169.254'], ['::'], ['fd12::1']])(
    'that resolves to %s is not connected to',
    async (address) => {
      await expect(get(`http://keys.test:${port}/`, false, resolver([address]))).rejects.toThrow(`is at ${address}`)
      expect(connections).toBe(0)
    },
  )

  test('with one private address among public ones is refused', async () => {
    const lookup = resolver(['93.184.215.14', '127.0.0.1'])
    await expect(get(`http://keys.test:${port}/`, false, lookup)).rejects.toThrow('is at 127.0.0.1')
    expect(connections).toBe(0)
  })

  test('is resolved once for a request: what was judged is what is connected to', async () => {
    const lookup = resolver(['127.0.0.1'], ['169.254.169.254'])
    expect(await get(`http://keys.test:${port}/`, true, lookup)).toEqual({ keys: [] })
    expect(lookup.asked).toBe(1)
    await expect(get(`http://keys.test:${port}/`, true, lookup)).rejects.toThrow('is at 169.254.169.254')
    expect(connections).toBe(1)
  })

  test('of this machine, by the real resolver, is not connected to', async () => {
    // /etc/hosts gives it the loopback or a private address: either is refused before anything is sent.
    await expect(get(`http://${hostname()}:${port}/`, false)).rejects.toThrow(/is at|ENOTFOUND|EAI_AGAIN/)
    expect(connections).toBe(0)
  })
})

test.each([['127.0.0.1'], ['[::1]'], ['[::ffff:127.0.0.1]'], ['0.0.0.0'], ['2130706433'], ['127.1'], ['0x7f000001']])(
  'http://%s, an address in place of a name, is not connected to',
  async (host) => {
    await expect(get(`http://${host}:${port}/`, false)).rejects.toThrow('where nothing is fetched from')
    expect(connections).toBe(0)
  },
)

test.each([301, 302, 303, 307, 308])('a redirect (%s) to the metadata service is not followed', async (status) => {
  answer = (response) => response.writeHead(status, { location: 'http://169.254.169.254/latest/' }).end()
  await expect(get(`http://127.0.0.1:${port}/`, true)).rejects.toThrow(`answered ${status}, not 200`)
  expect(requests.length).toBe(1)
})

test('a compressed body, which may be a bomb, is refused unread', async () => {
  answer = (response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(5_000_000)))
  await expect(get(`http://127.0.0.1:${port}/`, true)).rejects.toThrow('is encoded')
  expect(requests[0]?.headers['accept-encoding']).toBeUndefined()
})

test.each([
  ['another status', (response: ServerResponse) => void response.writeHead(500).write('x')],
  ['too large a body', (response: ServerResponse) => void response.write(Buffer.alloc(1_100_000, 32))],
])('%s without an end: the socket is closed, nobody waits for the timeout', async (_what, how) => {
  answer = how
  const closed = new Promise((resolve) => server.once('connection', (socket) => socket.once('close', resolve)))
  const fetch = directFetch(reachFor('https://issuer.test', true))
  await expect(fetchJson(fetch, `http://127.0.0.1:${port}/`, new AbortController().signal)).rejects.toThrow()
  await closed
})

test('what was let through is judged again where it is connected to, before anything is sent', async () => {
  const judged: string[] = []
  const once = (address: string) => judged.push(address) === 1
  const fetch = directFetch(once, { lookup: resolver(['127.0.0.1']) })
  const asked = fetchJson(fetch, `http://keys.test:${port}/`, AbortSignal.timeout(3000))
  await expect(asked).rejects.toThrow('is at 127.0.0.1')
  expect([judged, requests.length]).toEqual([['127.0.0.1', '127.0.0.1'], 0])
})

describe.skipIf(!hasOpenssl)('publicFetch, over TLS', () => {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-'))
  const trusted = getCACertificates()
  let tls: Server
  let over: number
  let connected: number
  let asked: string[]
  beforeAll(async () => {
    const [key, cert] = [join(folder, 'key'), join(folder, 'cert')]
    const made = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', key, '-out', cert]
    const names = ['-subj', '/CN=a', '-addext', 'subjectAltName=DNS:keys.test,DNS:localhost,IP:127.0.0.1']
    execFileSync('openssl', ['req', '-x509', '-days', '2', ...made, ...names], { stdio: 'ignore' })
    setDefaultCACertificates([...trusted, readFileSync(cert, 'utf8')])
    tls = createTlsServer({ key: readFileSync(key), cert: readFileSync(cert) }, async (request, response) => {
      asked.push(`${request.method} ${request.headers.host} ${Buffer.concat(await request.toArray())}`)
      if (request.url === '/moved') response.writeHead(302, { location: '/' }).end()
      else if (request.url === '/none') response.writeHead(204).end()
      else response.writeHead(200, { 'cache-control': 'max-age=60' }).end('{"a":1}')
    })
    tls.on('connection', () => connected++)
    await new Promise<void>((resolve) => tls.listen(0, '127.0.0.1', resolve))
    over = (tls.address() as AddressInfo).port
  })
  beforeEach(() => {
    connected = 0
    asked = []
  })
  afterAll(async () => {
    setDefaultCACertificates(trusted)
    rmSync(folder, { recursive: true })
    tls.closeAllConnections()
    await new Promise((resolve) => tls.close(resolve))
  })
  const here = () => fetchWithin(() => true, { lookup: resolver(['127.0.0.1']) })

  test('gives what a platform’s fetch would, of a name that the certificate is for', async () => {
    const got = await here()(new URL(`https://keys.test:${over}/`), { headers: new Headers({ 'x-a': 'b' }) })
    expect([got.status, got.headers.get('cache-control'), await got.json()]).toEqual([200, 'max-age=60', { a: 1 }])
    expect((await here()(`https://keys.test:${over}/none`)).status).toBe(204)
    const moved = await here()(`https://keys.test:${over}/moved`, { redirect: 'follow' })
    expect(moved.status).toBe(302)
    const body = new URLSearchParams({ a: 'b c' })
    expect((await here()(`https://keys.test:${over}/`, { method: 'POST', body })).status).toBe(200)
    expect(asked.at(-1)).toBe(`POST keys.test:${over} a=b+c`)
    await expect(here()(`https://other.test:${over}/`)).rejects.toThrow('altnames')
  })

  test('by default connects to nothing on this machine or a private network; where it may, it does', async () => {
    const places = ['127.0.0.1', 'localhost', '[::ffff:127.0.0.1]', '2130706433', '127.1']
    for (const place of places)
      await expect(publicFetch()(`https://${place}:${over}/`), place).rejects.toThrow('where nothing is fetched from')
    await expect(
      fetchWithin(reachFor('', false), { lookup: resolver(['127.0.0.1']) })(`https://keys.test:${over}/`),
    ).rejects.toThrow('where nothing is fetched from')
    expect(connected).toBe(0)
    for (const place of places) await fetchWithin(() => true)(`https://${place}:${over}/`).catch(() => {})
    expect(connected).toBe(places.length)
  })
})

describe('keepAlive', () => {
  const kept = (lookup?: Lookup) =>
    directFetch(reachFor('https://issuer.test', true), { keepAlive: true, ...(lookup && { lookup }) })
  const from = (fetch: ReturnType<typeof kept>, url: string) => fetchJson(fetch, url, AbortSignal.timeout(3000))

  test('one connection for one request after the other, judged when it is made', async () => {
    const lookup = resolver(['127.0.0.1'], ['169.254.169.254'])
    const fetch = kept(lookup)
    for (let at = 0; at < 3; at++) expect(await from(fetch, `http://keys.test:${port}/`)).toEqual({ keys: [] })
    expect([connections, lookup.asked, requests.length]).toEqual([1, 1, 3])
    const closed = new Promise((resolve) => requests[0]?.socket.once('close', resolve))
    server.closeAllConnections()
    await closed
    await expect(from(fetch, `http://keys.test:${port}/`)).rejects.toThrow('is at 169.254.169.254')
  })

  test('a kept connection that is closed as it is used costs nobody an answer', async () => {
    const fetch = kept()
    await from(fetch, `http://127.0.0.1:${port}/`)
    let dropped = 0
    answer = (response, request) => {
      if (dropped++ === 0) request.socket.resetAndDestroy()
      else response.end('{"keys":[]}')
    }
    expect(await from(fetch, `http://127.0.0.1:${port}/`)).toEqual({ keys: [] })
    expect([dropped, connections]).toEqual([2, 2])
  })

  test('a new one that is reset is an error: it is not asked for ever', async () => {
    answer = (_response, request) => request.socket.resetAndDestroy()
    await expect(from(kept(), `http://127.0.0.1:${port}/`)).rejects.toThrow('ECONNRESET')
    expect(requests.length).toBe(1)
  })
})

describe('remoteIssuer', () => {
  test.each([['https://10.0.0.5/'], ['https://[fd00::5]/'], ['https://169.254.169.254/'], ['https://0x0a000005/']])(
    'for %s is a TypeError when it is made',
    (url) => expect(() => remoteIssuer(url, { audience: 'api' })).toThrow('allowPrivate: true lets a private one in'),
  )
  test('allowPrivate lets private ones in, link-local ones never', () => {
    expect(remoteIssuer('https://10.0.0.5/', { audience: 'api', allowPrivate: true }).issuer).toBe('https://10.0.0.5/')
    expect(() => remoteIssuer('https://169.254.169.254/', { audience: 'api', allowPrivate: true })).toThrow(TypeError)
    expect(() => remoteIssuer('https://a.test/', { audience: 'api', allowPrivate: 'yes' as never })).toThrow(
      /true or false/,
    )
  })
  test('a jwks_uri that a discovery document puts at a private address is not asked, whoever fetches', async () => {
    const asked: string[] = []
    for (const jwks_uri of [
      'https://10.0.0.5/jwks',
      'https://[::1]/jwks',
      'https://127.0.0.1/jwks',
      'https://0/jwks',
    ]) {
      const issuer = remoteIssuer('https://issuer.test', {
        audience: 'api',
        async fetch(url) {
          asked.push(url)
          return Response.json({ issuer: 'https://issuer.test', jwks_uri })
        },
      })
      const error: unknown = await issuer.ready().catch((thrown: unknown) => thrown)
      expect((error as Error).cause).toMatchObject({ message: expect.stringContaining('private address') })
    }
    expect(new Set(asked)).toEqual(new Set(['https://issuer.test/.well-known/openid-configuration']))
  })
})
