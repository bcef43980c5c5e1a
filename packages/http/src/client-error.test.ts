import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { afterEach, expect, test } from 'vitest'
import { answerClientError } from './index.ts'

let server: Server
let client: Socket
afterEach(() => {
  client?.destroy()
  server?.closeAllConnections()
  server?.close()
})

function send(text: string, options: { headersTimeout?: number; connectionsCheckingInterval?: number } = {}) {
  return new Promise<string>((resolve) => {
    server = createServer(options, (_request, response) => response.end('ok'))
    server.on('clientError', answerClientError).listen(0, '127.0.0.1', () => {
      let got = ''
      client = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', allowHalfOpen: true })
      client
        .on('data', (chunk) => (got += chunk))
        .on('end', () => resolve(got))
        .on('error', () => resolve(got))
      client.write(text)
    })
  })
}

test.each([
  ['no HTTP', 'nonsense\r\n\r\n', 400, 'invalid_request'],
  [
    'two lengths',
    'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',
    400,
    'invalid_request',
  ],
  ['headers over 16 KiB', `GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431, 'headers_too_large'],
])('%s: problem details with the right status, whole and closed', async (_name, text, status, code) => {
  const [head, body] = (await send(text)).split('\r\n\r\n') as [string, string]
  expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} [A-Z]`))
  expect(head).toMatch(/\r\ncontent-type: application\/problem\+json\r\n/)
  expect(head).toMatch(new RegExp(`\r\ncontent-length: ${body.length}\r\n`))
  expect(head).toMatch(/\r\nconnection: close/)
  expect(head).toMatch(/\r\ncache-control: no-store\r\n/)
  expect(JSON.parse(body)).toMatchObject({ status, code })
  expect(head + body).not.toContain('xxxx')
})

test('a client too slow with its headers gets 408, and cannot hold the socket by keeping its half open', async () => {
  const got = await send('GET / HTTP/1.1\r\nHos', { headersTimeout: 50, connectionsCheckingInterval: 25 })
  expect(got).toMatch(/^HTTP\/1.1 408 /)
  await expect
    .poll(() => new Promise((resolve) => server.getConnections((_, count) => resolve(count))), { timeout: 5000 })
    .toBe(0)
})

test('nobody is answered who is gone', () => {
  for (const [code, writable] of [
    ['ECONNRESET', true],
    ['HPE_INVALID_METHOD', false],
  ] as const) {
    const written: unknown[] = []
    const socket = new Duplex({ read() {}, write: (chunk) => void written.push(chunk) })
    if (!writable) socket.end()
    answerClientError(Object.assign(new Error('x'), { code }), socket)
    expect(socket.destroyed).toBe(true)
    expect(written).toEqual([])
  }
})

test('once an answer has begun, nothing is written into it', async () => {
  const got = await new Promise<string>((resolve) => {
    server = createServer((_request, response) => {
      response.writeHead(200, { 'content-length': '20' }).write('0123456789')
    })
    server.on('clientError', answerClientError).listen(0, '127.0.0.1', () => {
      let text = ''
      client = connect((server.address() as AddressInfo).port, '127.0.0.1')
      client.on('data', (chunk) => {
        text += chunk
        if (text.endsWith('0123456789')) client.write('not a chunk size\r\n')
      })
      client.on('close', () => resolve(text)).on('error', () => {})
      client.write('POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n')
    })
  })
  expect(got).toMatch(/0123456789$/)
})
