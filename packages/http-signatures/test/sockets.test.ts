// The scheme on every host, over sockets: what is signed passes, what is not does not, and no wrong body has an end.
import { generateKeyPairSync } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { PassThrough } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { protect as expressProtect } from '@countersign/express'
import { problems, protect } from '@countersign/fastify'
import { policy } from '@countersign/policy'
import { memoryStore } from '@countersign/store'
import express, { type ErrorRequestHandler } from 'express'
import express4 from 'express4'
import Fastify from 'fastify'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { contentDigest, httpSignature, signedFetch } from '../src/index.ts'
import { exchange, HOSTS, type Host, type Sent, startHost } from './hosts.ts'

const ORIGIN = 'https://api.acme.com'
const { publicKey, privateKey } = generateKeyPairSync('ed25519')
const ORDER = { sku: 'b-17', note: 'ünïcode' }
const BODY = JSON.stringify(ORDER)
const CHALLENGE = 'Signature realm="api", components="@method @target-uri", body-components="content-digest"'

function partnerPolicy() {
  const keys = {
    'acme-1': { algorithm: 'ed25519', key: publicKey, subject: 'acme', scopes: ['orders:write'] },
  } as const
  return policy({ accept: httpSignature({ origin: ORIGIN, keys, replay: memoryStore() }), scopes: ['orders:write'] })
}

/** What `signedFetch` would send, to be sent otherwise. */
async function signed(path: string, init: RequestInit = {}, components?: readonly string[]): Promise<Sent> {
  let sent: Sent | undefined
  const sign = signedFetch({
    keyid: 'acme-1',
    algorithm: 'ed25519',
    key: privateKey,
    ...(components && { components }),
    fetch: async (input, { method = 'GET', headers, body } = {}) => {
      const bytes =
        body === undefined || body === null ? new Uint8Array() : new Uint8Array(await new Response(body).arrayBuffer())
      sent = {
        method,
        path: `${input}`.slice(ORIGIN.length),
        headers: Object.fromEntries(new Headers(headers)),
        body: bytes,
      }
      return new Response()
    },
  })
  await sign(ORIGIN + path, init)
  if (!sent) throw new Error('nothing was sent')
  return sent
}

const order = (path = '/orders') =>
  signed(path, { method: 'POST', body: BODY, headers: { 'content-type': 'application/json' } })

type Way = readonly [sent: Sent, pieces: readonly Uint8Array[], isChunked: boolean]
const SENDERS: readonly (readonly [string, (sent: Sent) => Way])[] = [
  ['at once', (sent) => [sent, [sent.body], false]],
  ['chunked', (sent) => [sent, [sent.body], true]],
  ['slowly', (sent) => [sent, [sent.body.subarray(0, 5), sent.body.subarray(5, 25), sent.body.subarray(25)], false]],
  [
    'slowly, chunked, split in a character',
    (sent) => [sent, [sent.body.subarray(0, 26), sent.body.subarray(26)], true],
  ],
  ['before anybody looks', (sent) => [{ ...sent, headers: { ...sent.headers, 'x-late': '1' } }, [sent.body], false]],
]

describe.each(Object.keys(HOSTS))('%s', (name) => {
  let host: Host
  beforeAll(async () => {
    host = await startHost(name, partnerPolicy())
  })
  afterAll(() => host.stop())

  test.each(SENDERS)('a right body passes, sent %s', async (_how, as) => {
    host.seen.length = 0
    const got = await exchange(host, ...as(await order()))
    expect([got?.status, got?.body]).toEqual([200, '{"by":"acme"}'])
    expect(host.seen).toEqual([BODY])
  })

  test.each(SENDERS)('a wrong body is refused, and no handler sees it, sent %s', async (_how, as) => {
    host.seen.length = 0
    const sent = await order()
    const got = await exchange(host, ...as({ ...sent, body: Buffer.from(BODY.replace('17', '71')) }))
    const [status, challenge] = [401, `${CHALLENGE}, error="invalid_token"`]
    expect([got?.status, got?.headers['www-authenticate']]).toEqual([status, challenge])
    expect(got?.body).not.toContain('acme')
    expect(host.seen).toEqual([])
  })

  test('a right content digest does not carry a wrong digest of the representation', async () => {
    host.seen.length = 0
    const covered = ['@method', '@target-uri', 'repr-digest']
    const post = (headers: Record<string, string>) =>
      signed(
        '/orders',
        { method: 'POST', body: BODY, headers: { 'content-type': 'application/json', ...headers } },
        covered,
      )
    const asked = async (headers: Record<string, string>) => {
      const sent = await post(headers)
      return (await exchange(host, sent, [sent.body], false))?.status
    }
    expect(await asked({ 'repr-digest': contentDigest(BODY) })).toBe(200)
    expect(await asked({ 'repr-digest': contentDigest('{"sku":"x"}') })).toBe(401)
    expect(await asked({ 'repr-digest': contentDigest(BODY), 'content-encoding': 'gzip' })).toBe(400)
    expect(host.seen).toEqual([BODY])
  })

  test('a body that is cut short, or has more than was signed', async () => {
    host.seen.length = 0
    for (const body of [Buffer.from(BODY.slice(0, -1)), Buffer.from(`${BODY} `)]) {
      const got = await exchange(host, await order(), [body], false)
      expect(got?.status, body.toString()).toBeOneOf([400, 401])
    }
    expect(host.seen).toEqual([])
  })

  test('a GET passes; with a body that nobody signed it does not', async () => {
    host.seen.length = 0
    const got = await exchange(host, await signed('/orders?page=2'), [], false)
    expect([got?.status, got?.body]).toEqual([200, '{"by":"acme"}'])
    expect(host.seen).toEqual(['get'])
    for (const isChunked of [true, false]) {
      const refused = await exchange(host, await signed('/orders?page=2'), [Buffer.from('{}')], isChunked)
      expect(refused?.status).toBe(401)
    }
    expect(host.seen).toEqual(['get'])
  })

  test('no body where one was signed, and a digest that was put there later', async () => {
    host.seen.length = 0
    expect((await exchange(host, await order(), [], false))?.status).toBeOneOf([400, 401])
    const other = Buffer.from('{"sku":"x"}')
    const sent = await order()
    const headers = { ...sent.headers, 'content-digest': contentDigest(other) }
    expect((await exchange(host, { ...sent, headers }, [other], false))?.status).toBe(401)
    expect(host.seen).toEqual([])
  })

  test('a signature counts once, and for its own method, target and time', async () => {
    const sent = await signed('/orders?page=3')
    expect((await exchange(host, sent, [], false))?.status).toBe(200)
    host.seen.length = 0
    expect((await exchange(host, sent, [], false))?.status).toBe(401)
    const next = await signed('/orders?page=3')
    expect((await exchange(host, { ...next, path: '/orders?page=4' }, [], false))?.status).toBe(401)
    expect((await exchange(host, { ...next, method: 'POST' }, [], false))?.status).toBe(401)
    const { signature: _signature, ...bare } = next.headers
    expect((await exchange(host, { ...next, headers: bare }, [], false))?.status).toBe(400)
    expect((await exchange(host, { ...next, headers: {} }, [], false))?.status).toBe(401)
    expect(host.seen).toEqual([])
    expect(
      (await exchange(host, { ...next, headers: { ...next.headers, host: 'evil.example' } }, [], false))?.status,
    ).toBe(200)
  })

  // Fastify closes the connection of every body that its parser did not like.
  const keeps = name === 'Fastify' ? 'close' : 'keep-alive'
  test('a refused body leaves the connection as it was', async () => {
    const sent = await order()
    const answer = await fetch(`http://127.0.0.1:${host.port}/orders`, {
      method: 'POST',
      headers: sent.headers,
      body: Buffer.from(BODY.replace('17', '71')),
    })
    expect(answer.status).toBeOneOf([400, 401])
    expect(answer.headers.get('connection')).toBe(keeps)
  })
})

test.each(['Express 5', 'Express 4'])(
  '%s: a body that was read before the policy is a bug, and says what to do',
  async (name) => {
    const host = await startHost(name, partnerPolicy())
    const sent = await order('/taken')
    const got = await exchange(host, sent, [sent.body], false)
    expect(got?.status).toBe(500)
    expect(host.seen).toEqual([expect.stringContaining('put protect() with this policy before what reads it')])
    await host.stop()
  },
)

test.each(['Express 5', 'Express 4'])('%s: behind two protects a signature is used once', async (name) => {
  const host = await startHost(name, partnerPolicy())
  const sent = await order('/twice')
  expect((await exchange(host, sent, [sent.body], false))?.status).toBe(200)
  expect((await exchange(host, sent, [sent.body], false))?.status).toBe(401)
  const wrong = await order('/twice')
  expect((await exchange(host, wrong, [Buffer.from('{}')], false))?.status).toBe(401)
  expect(host.seen).toEqual([BODY])
  await host.stop()
})

test('a body with a coding: the digest is of what was sent, the parser sees what it unpacks', async () => {
  const host = await startHost('Express 5', partnerPolicy())
  const zipped = gzipSync(BODY)
  const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' }
  const post = () => signed('/orders', { method: 'POST', body: zipped, headers })
  expect((await exchange(host, await post(), [zipped], false))?.status).toBe(200)
  const other = gzipSync(BODY, { level: 1 })
  expect(other.equals(zipped)).toBe(false)
  expect((await exchange(host, await post(), [other], false))?.status).toBe(401)
  expect(host.seen).toEqual([BODY])
  await host.stop()
})

test('a request that Fastify injects is as good as one from a socket', async () => {
  const partner = partnerPolicy()
  const app = Fastify()
  await app.register(problems)
  app.post('/orders', { onRequest: protect(partner) }, async (request) => request.body)
  for (const [body, status] of [
    [BODY, 200],
    [BODY.replace('17', '71'), 401],
  ] as const) {
    const { headers } = await order()
    const answer = await app.inject({ method: 'POST', url: '/orders', headers, payload: body })
    expect(answer.statusCode).toBe(status)
  }
  await app.close()
})

test('what a body was piped to breaks off, with an error where somebody hears it', async () => {
  const partner = partnerPolicy()
  const ends: string[] = []
  const server = createServer(async (request, response) => {
    await partner.check(request)
    const [heard, unheard, left] = [new PassThrough(), new PassThrough(), new PassThrough()]
    for (const [name, one] of Object.entries({ heard, unheard, left }))
      request.pipe(
        one
          .on('end', () => ends.push(`${name} end`))
          .on('close', () => ends.push(`${name} close`))
          .resume(),
      )
    request.unpipe(left)
    heard.on('error', (error) => ends.push(error.message))
    unheard.on('close', () => setImmediate(() => response.end(`${left.destroyed}`)))
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const host = { port: (server.address() as AddressInfo).port }
  const got = await exchange(host, await order(), [Buffer.from(BODY.replace('17', '71'))], false)
  expect(got?.body).toBe('false')
  expect(ends.sort()).toEqual(['The credential is not valid.', 'heard close', 'unheard close'])
  server.close()
})

test.each([
  ['Express 5', express],
  ['Express 4', express4 as unknown as typeof express],
])('%s: a house error handler sees the 401 behind a parser', async (_name, make) => {
  const app = make()
  app.post('/orders', expressProtect(partnerPolicy()), make.json(), () => expect.unreachable())
  const house: ErrorRequestHandler = (error, _request, response, _next) => {
    response.status(error.status).json([error.status, error.statusCode, error.error.reason])
  }
  app.use(house)
  const server = createServer(app).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const host = { port: (server.address() as AddressInfo).port }
  const got = await exchange(host, await order(), [Buffer.from('{}')], false)
  expect([got?.status, got?.body]).toEqual([401, '[401,401,"digest.wrong"]'])
  server.close()
})
