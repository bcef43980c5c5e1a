// Limits in front of guesses, at a checker behind real proxies: each client has a budget of its own, and cannot choose another's.
import { request as httpRequest, type RequestListener } from 'node:http'
import { mount as expressMount } from '@countersign/express'
import { mount as fastifyMount } from '@countersign/fastify'
import { authCheck } from '@countersign/gateway'
import { basic, type Condition, policy } from '@countersign/policy'
import { rateLimit } from '@countersign/rate-limits'
import express from 'express'
import Fastify from 'fastify'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { listen, type Running } from './listen.ts'
import { freePort, type Started } from './processes.ts'
import { isInstalled, PROXIES, startProxy } from './proxies.ts'

const seen: unknown[] = []
const asSeen: Condition = {
  name: 'seen',
  refuses: [],
  before: ({ ip, protocol }) => void seen.push([ip, protocol]),
}

function checker() {
  const guesses = rateLimit({ name: 'guesses', by: 'address', limit: 3, window: 60 })
  const accept = basic(({ password }) => (password === 'right' ? { subject: 'ada' } : undefined))
  const guard = policy({ accept, conditions: [asSeen, guesses] })
  return authCheck(guard, { trustedPeers: ['127.0.0.1'] })
}

const CHECKERS: Readonly<Record<string, () => Promise<RequestListener>>> = {
  async Express() {
    const app = express()
    app.set('trust proxy', '127.0.0.1')
    return app.use(expressMount([checker()]))
  },
  async Fastify() {
    const app = Fastify({ trustProxy: '127.0.0.1' })
    app.register(fastifyMount([checker()]))
    await app.ready()
    return (request, response) => app.routing(request, response)
  },
}

const CASES = Object.keys(PROXIES)
  .filter(isInstalled)
  .flatMap((proxy) => Object.keys(CHECKERS).map((framework) => [proxy, framework] as const))

describe.each(CASES)('%s asks a checker on %s', (name, framework) => {
  let service: Running
  let gateway: Running
  let proxy: Started
  let port = 0
  beforeAll(async () => {
    service = await listen((_request, response) => response.end('done'))
    gateway = await listen(await (CHECKERS[framework] as () => Promise<RequestListener>)())
    port = await freePort()
    proxy = await startProxy(name, { proxy: port, gateway: gateway.port, service: service.port })
  })
  afterAll(async () => {
    await proxy?.stop()
    await gateway?.stop()
    await service?.stop()
  })
  beforeEach(() => {
    seen.length = 0
  })

  /** All of 127.0.0.0/8 is this machine: two clients. */
  const guess = (localAddress: string, password: string, headers: Record<string, string> = {}) =>
    new Promise<number | undefined>((resolve, reject) => {
      const authorization = `Basic ${btoa(`ada:${password}`)}`
      const options = { host: '127.0.0.1', port, path: '/posts', localAddress, agent: false }
      httpRequest({ ...options, headers: { ...headers, authorization } }, (answer) => {
        answer.resume().on('end', () => resolve(answer.statusCode))
      })
        .on('error', reject)
        .end()
    })

  test('a guesser is refused, whatever address it claims, and nobody else is', async () => {
    const statuses = []
    for (let at = 0; at < 5; at++) {
      const claimed = `203.0.113.${at}`
      const headers = { 'x-forwarded-for': claimed, 'x-real-ip': claimed, forwarded: `for=${claimed}` }
      statuses.push(await guess('127.0.0.2', `guess ${at}`, { ...headers, 'x-forwarded-proto': 'https' }))
    }
    expect(statuses).toEqual([401, 401, 401, 429, 429])
    expect(seen).toEqual(Array(5).fill(['127.0.0.2', 'http']))
    expect(await guess('127.0.0.3', 'right')).toBe(200)
    expect(await guess('127.0.0.2', 'right')).toBe(429)
    expect(seen.slice(5)).toEqual([
      ['127.0.0.3', 'http'],
      ['127.0.0.2', 'http'],
    ])
  })
})
