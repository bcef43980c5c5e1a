// HTTPS=1, MTLS=1 and the timeouts, as somebody meets them who starts a host.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { type RequestOptions, request } from 'node:https'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { startHost } from '@countersign/conformance'
import { afterAll, describe, expect, test } from 'vitest'
import { HOSTS } from './hosts.ts'

const OPENSSL =
  existsSync('/usr/bin/openssl') || (process.env.PATH ?? '').split(':').some((at) => existsSync(join(at, 'openssl')))
if (!OPENSSL) console.warn('\n!!! no openssl: HTTPS=1 and MTLS=1 are not tried\n')
const LISTENING = /^listening on https:\/\/127\.0\.0\.1:(\d+)$/m
const folder = mkdtempSync(join(tmpdir(), 'countersign-tls-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function get(port: number, path: string, tls: RequestOptions) {
  const asked = request({ host: '127.0.0.1', port, path, agent: false, ...tls }).end()
  const [answer] = (await once(asked, 'response')) as [IncomingMessage]
  return { status: answer.statusCode, body: await text(answer) }
}

describe.each(Object.entries(HOSTS))('%s', (name, main) => {
  test.runIf(OPENSSL)(
    'HTTPS=1: a certificate of its own; nothing in the clear, nothing older than TLS 1.2',
    async () => {
      const at = join(folder, `${name}-tls`)
      // A node that would take any version: what refuses is the host's own setting.
      const NODE_OPTIONS = '--tls-min-v1.0 --tls-cipher-list=DEFAULT@SECLEVEL=0'
      const host = await startHost(main, { env: { HTTPS: '1', TLS_FOLDER: at, NODE_OPTIONS }, listening: LISTENING })
      try {
        const ca = readFileSync(join(at, 'server.crt'))
        expect(host.output()).toContain(`certificate: ${join(at, 'server.crt')}`)
        expect(statSync(join(at, 'server.key')).mode & 0o077, 'nobody else may read the key').toBe(0)
        expect(await get(host.port, '/health', { ca })).toEqual({ status: 200, body: '{"status":"ok"}' })
        expect((await get(host.port, '/me', { ca, headers: { 'x-api-key': host.demoKey } })).status).toBe(200)
        expect((await get(host.port, '/me', { ca })).status).toBe(401)
        await expect(get(host.port, '/health', {}), 'a certificate that nobody trusts').rejects.toThrow(/self-signed/)
        // At its own level the client would not even ask: it is the server that must say no, and to the version.
        const old = { ca, minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const
        await expect(get(host.port, '/health', old)).rejects.toThrow('tlsv1 alert protocol version')
        await expect(fetch(`http://127.0.0.1:${host.port}/health`), 'plain HTTP').rejects.toThrow()
      } finally {
        await host.stop()
      }
    },
  )

  test.runIf(OPENSSL)('MTLS=1: nobody gets in without the client certificate', async () => {
    const at = join(folder, `${name}-mtls`)
    const host = await startHost(main, { env: { MTLS: '1', TLS_FOLDER: at }, listening: LISTENING })
    try {
      const read = (file: string) => readFileSync(join(at, file))
      const ca = read('server.crt')
      const good = { ca, cert: read('client.crt'), key: read('client.key') }
      expect((await get(host.port, '/health', good)).status).toBe(200)
      await expect(get(host.port, '/health', { ca }), 'no certificate').rejects.toThrow()
      const other = { ca, cert: read('server.crt'), key: read('server.key') }
      await expect(get(host.port, '/health', other), "somebody else's certificate").rejects.toThrow()
    } finally {
      await host.stop()
    }
  })

  test.runIf(OPENSSL)('F17: who never ends the TLS handshake is closed too', async () => {
    const at = join(folder, `${name}-slow`)
    const env = { HTTPS: '1', TLS_FOLDER: at, HEADERS_TIMEOUT: '1', REQUEST_TIMEOUT: '2' }
    const host = await startHost(main, { env, listening: LISTENING })
    try {
      const silent = connect(host.port, '127.0.0.1')
      silent.on('error', () => {})
      const closed = once(silent, 'close').then(() => 'closed')
      expect(await Promise.race([closed, sleep(5000).then(() => 'still open after 5 s')])).toBe('closed')
    } finally {
      await host.stop()
    }
  })

  test('F17: who sends a head or a body too slowly is told 408 and closed; others are served', async () => {
    const host = await startHost(main, { env: { HEADERS_TIMEOUT: '1', REQUEST_TIMEOUT: '2' } })
    try {
      const slow = Array.from({ length: 100 }, (_, at) => {
        const socket = connect(host.port, '127.0.0.1')
        const one = { got: '', closed: false }
        const login = 'POST /login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{'
        socket.write(at % 2 === 0 ? 'GET /health HTTP/1.1\r\nHost: a\r\nX-Slow: ' : login)
        const drip = setInterval(() => socket.writable && socket.write('a'), 200)
        socket.on('data', (bytes) => (one.got += bytes)).on('error', () => {})
        socket.on('close', () => {
          clearInterval(drip)
          one.closed = true
        })
        return one
      })
      for (let at = 0; at < 10; at++) {
        expect((await host.send({ path: '/health' })).status).toBe(200)
        await sleep(400)
      }
      expect(slow.filter(({ closed }) => !closed).length, 'still connected').toBe(0)
      expect(slow.filter(({ got }) => !/^HTTP\/1.1 408 .*"code":"request_timeout"/s.test(got))).toEqual([])
    } finally {
      await host.stop()
    }
  })
})

test('HTTPS=1 without openssl says so', async () => {
  const main = Object.values(HOSTS)[0] as string
  const env = { PATH: folder, HTTPS: '1', PORT: '0', STORE: 'memory:', DB: 'memory:', TLS_FOLDER: folder }
  const child = spawn(process.execPath, [main], { env })
  const [said] = await Promise.all([text(child.stderr), once(child, 'exit')])
  expect(said).toContain('HTTPS=1 needs `openssl`, which is not installed')
})
