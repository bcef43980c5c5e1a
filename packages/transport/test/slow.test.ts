// F17: 2,000 sockets that send a head, or a body, a byte now and then.
import { once } from 'node:events'
import type { Server } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { readBody } from '@countersign/http'
import { afterAll, expect, test } from 'vitest'

// What README.md shows begins here.

import { createServer } from 'node:http'
import { answerClientError } from '@countersign/http'
import { serverTimeouts } from '@countersign/transport'
import express from 'express'
import Fastify from 'fastify'

const expressApp = express()
expressApp.get('/health', (_request, response) => void response.end('ok'))
expressApp.post('/body', async (request, response) => {
  response.json(await readBody(request, { types: ['application/json'], limit: 1000 }))
})
const times = serverTimeouts({ headers: 1, request: 2 })
const server = createServer(times, expressApp).on('clientError', answerClientError)
const fastify = Fastify({ ...times, http: times, clientErrorHandler: answerClientError })
fastify.get('/health', async () => 'ok')
fastify.post('/body', async (request) => request.body)
await fastify.ready()
const untimed = createServer(expressApp).on('clientError', answerClientError)

const open: Server[] = []
afterAll(() => {
  for (const server of open) server.closeAllConnections()
  for (const server of open) server.close()
})

interface Slow {
  readonly socket: Socket
  got: string
  closedAfter: number | undefined
}

/** `count` clients, half of which never end their head and half their body. */
function slowClients(port: number, count: number): readonly Slow[] {
  return Array.from({ length: count }, (_, at) => {
    const started = performance.now()
    const socket = connect(port, '127.0.0.1')
    const slow: Slow = { socket, got: '', closedAfter: undefined }
    const head =
      at % 2 === 0
        ? 'GET /health HTTP/1.1\r\nHost: a\r\nX-Slow: '
        : 'POST /body HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n{'
    socket.on('connect', () => socket.write(head))
    const drip = setInterval(() => socket.writable && socket.write('a'), 250)
    socket.on('data', (bytes) => (slow.got += bytes)).on('error', () => {})
    socket.on('close', () => {
      clearInterval(drip)
      slow.closedAfter = performance.now() - started
    })
    return slow
  })
}

test.each([
  ['express', server],
  ['fastify', fastify.server],
])(
  '%s closes 2,000 slow clients with 408 in time, and serves the others meanwhile',
  async (_name, server) => {
    open.push(server.listen(0, '127.0.0.1', 4096))
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const slow = slowClients(port, 2000)
    const took: number[] = []
    for (let at = 0; at < 60; at++) {
      const before = performance.now()
      expect((await fetch(`http://127.0.0.1:${port}/health`)).status).toBe(200)
      took.push(performance.now() - before)
      await sleep(70)
    }
    const still = slow.filter(({ closedAfter }) => closedAfter === undefined)
    expect(still.length, 'slow clients that are still connected after 4 s').toBe(0)
    const answered = slow.filter(
      ({ got }) => got.startsWith('HTTP/1.1 408') && got.includes('"code":"request_timeout"'),
    )
    expect(answered.length, 'slow clients that were told 408').toBe(2000)
    const p90 = took.sort((a, b) => a - b)[53] as number
    expect(p90, 'p90 of /health meanwhile, in ms').toBeLessThan(250)
  },
  30_000,
)

test('without it they stay: what the test above would see', async () => {
  open.push(untimed.listen(0, '127.0.0.1', 4096))
  await once(untimed, 'listening')
  const slow = slowClients((untimed.address() as AddressInfo).port, 50)
  await sleep(3500)
  expect(slow.filter(({ closedAfter }) => closedAfter === undefined).length).toBe(50)
  for (const { socket } of slow) socket.destroy()
})
