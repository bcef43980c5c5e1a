import { createServer, type IncomingMessage, type Server } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { finished } from 'node:stream/promises'
import { afterEach, expect, test } from 'vitest'
import { BODY_LIMIT, isAuthError, readBody } from './index.ts'

let server: Server
let client: Socket
afterEach(() => {
  client.destroy()
  server.closeAllConnections()
  server.close()
})

type Read = (request: IncomingMessage) => Promise<unknown>
const JSON_ONLY = { types: ['application/json'], limit: 20 }
const read: Read = (request) => readBody(request, JSON_ONLY)

/** What a handler made of a request that was written to a socket, byte for byte. */
function ask(handler: Read, write: (socket: Socket) => void): Promise<unknown> {
  return new Promise((resolve, reject) => {
    server = createServer((request, response) => {
      handler(request)
        .then(resolve, reject)
        .finally(() => response.end())
    }).listen(0, '127.0.0.1', () => {
      client = connect((server.address() as AddressInfo).port, '127.0.0.1', () => write(client))
      client.on('error', () => {})
    })
  })
}
const post = (headers: string, body = '') => `POST / HTTP/1.1\r\nHost: x\r\n${headers}\r\n${body}`
const outcome = (result: unknown) =>
  isAuthError(result) ? result.reason : Buffer.from(result as Uint8Array).toString()
const sent = async (headers: string, body = '') =>
  outcome(await ask(read, (socket) => socket.write(post(headers, body))))
const CHUNKED = 'Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n'

test.each([
  ['Content-Type: application/json\r\nContent-Length: 2\r\n', '{}', '{}'],
  ['content-type: Application/JSON; Charset=UTF-8\r\nContent-Length: 2\r\n', '{}', '{}'],
  ['Content-Type: application/json;charset="utf-8"\r\nContent-Length: 2\r\n', '{}', '{}'],
  ['Content-Type: application/json; charset=utf-16\r\nContent-Length: 2\r\n', '{}', 'body.media-type'],
  ['Content-Type: application/json; version=1\r\nContent-Length: 2\r\n', '{}', 'body.media-type'],
  ['Content-Type: application/jsonp\r\nContent-Length: 2\r\n', '{}', 'body.media-type'],
  ['Content-Type: application/json\ta\r\nContent-Length: 2\r\n', '{}', 'body.media-type'],
  ['Content-Type: text/plain\r\nContent-Length: 2\r\n', '{}', 'body.media-type'],
  ['Content-Length: 2\r\n', '{}', 'body.media-type'],
  ['Content-Type: application/json\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n', '{}', 'body.media-type'],
  ['Content-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n', '{}', 'body.content-encoding'],
  [
    'Content-Type: application/json\r\nContent-Encoding: identity\r\nContent-Length: 2\r\n',
    '{}',
    'body.content-encoding',
  ],
  ['', '', 'body.missing'],
  ['Content-Type: application/json\r\n', '', 'body.missing'],
  ['Content-Type: application/json\r\nContent-Length: 0\r\n', '', 'body.missing'],
  [CHUNKED, '0\r\n\r\n', 'body.missing'],
  ['Content-Type: application/json\r\nContent-Length: 20\r\n', 'x'.repeat(20), 'x'.repeat(20)],
  [CHUNKED, '1\r\na\r\n2\r\nbc\r\n0\r\n\r\n', 'abc'],
  [CHUNKED, `14\r\n${'x'.repeat(20)}\r\n0\r\n\r\n`, 'x'.repeat(20)],
  [CHUNKED, `14\r\n${'x'.repeat(20)}\r\n1\r\ny\r\n0\r\n\r\n`, 'body.length'],
])('%j with %j: %s', async (headers, body, expected) => expect(await sent(headers, body)).toBe(expected))

test('415 comes before 413, and 413 before 400', async () => {
  expect(await sent('Content-Type: text/plain\r\nContent-Length: 21\r\n')).toBe('body.media-type')
})

test('a declared length over the limit is refused without waiting for the body', async () => {
  expect(await sent('Content-Type: application/json\r\nContent-Length: 21\r\n')).toBe('body.length')
})

test('a body that never ends is given up at the limit; what still comes is thrown away', async () => {
  let kept = Number.NaN
  const result = await ask(
    async (request) => {
      const result = await read(request)
      await new Promise((resolve) => setTimeout(resolve, 50))
      kept = request.readableLength
      return result
    },
    (socket) => {
      socket.write(post(CHUNKED))
      for (let i = 0; i < 200; i++) socket.write(`400\r\n${'x'.repeat(1024)}\r\n`)
    },
  )
  expect(outcome(result)).toBe('body.length')
  expect(kept).toBe(0)
})

test('a client that goes away mid-way leaves no promise hanging', async () => {
  const result = await ask(read, (socket) => {
    socket.write(post('Content-Type: application/json\r\nContent-Length: 10\r\n', '{"a"'))
    setTimeout(() => socket.destroy(), 20)
  })
  expect(result).toMatchObject({ code: 'invalid_request', reason: 'body.broken' })
})

test('a client that went away before the body was asked for is no fault of ours', async () => {
  const result = await ask(
    async (request) => {
      await finished(request).catch(() => {})
      return read(request)
    },
    (socket) => {
      socket.write(post('Content-Type: application/json\r\nContent-Length: 10\r\n', '{"a"'))
      setTimeout(() => socket.destroy(), 20)
    },
  )
  expect(result).toMatchObject({ code: 'invalid_request' })
})

test('a body that someone else has read is our bug: 500, not an empty body', async () => {
  const result = await ask(
    async (request) => {
      await finished(request.resume())
      return read(request)
    },
    (socket) => socket.write(post('Content-Type: application/json\r\nContent-Length: 2\r\n', '{}')),
  )
  expect(result).toMatchObject({ code: 'server_error', reason: 'body.taken' })
})

test('half a body never passes for the whole', async () => {
  const result = await ask(
    async (request) => {
      await new Promise((resolve) => request.once('data', resolve))
      request.pause()
      setTimeout(() => client.write('true'), 10)
      return read(request)
    },
    (socket) => socket.write(post('Content-Type: application/json\r\nContent-Length: 9\r\n', 'nope,')),
  )
  expect(result).toMatchObject({ code: 'server_error', reason: 'body.taken' })
})

test('the default limit is 100 KiB', () => expect(BODY_LIMIT).toBe(100 * 1024))
