// Hosts of every kind that show what their handlers saw, and an exchange that says how its body is sent.
import { createServer, request as httpRequest, type IncomingMessage, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { problems as expressProblems, protect as expressProtect } from '@countersign/express'
import { problems as fastifyProblems, protect as fastifyProtect } from '@countersign/fastify'
import { errorOf, isAuthError, json, type Principal, Refused, readBody } from '@countersign/http'
import { type Decision, type Policy, refusalOf } from '@countersign/policy'
import express from 'express'
import express4 from 'express4'
import Fastify from 'fastify'

type Guard = Policy<Decision<string, Principal>>

export interface Sent {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

export interface Host {
  readonly port: number
  readonly seen: string[]
  stop(): Promise<void>
}

/** What each host does with a body; `seen` tells that a handler ran, and with what. */
export const HOSTS: Readonly<Record<string, (partner: Guard, seen: string[]) => Promise<RequestListener>>> = {
  'Express 5': async (partner, seen) => expressApp(express, partner, seen),
  'Express 4': async (partner, seen) => expressApp(express4 as unknown as typeof express, partner, seen),
  Fastify: async (partner, seen) => {
    const app = Fastify()
    await app.register(fastifyProblems)
    app.post('/orders', { onRequest: fastifyProtect(partner) }, async (request) => {
      seen.push(JSON.stringify(request.body))
      return { by: partner.principal(request).subject }
    })
    app.get('/orders', { onRequest: fastifyProtect(partner) }, async (request) => {
      seen.push('get')
      return { by: partner.principal(request).subject }
    })
    await app.ready()
    return (request, response) => app.routing(request, response)
  },
  'node:http, an iterator': async (partner, seen) =>
    nodeHost(partner, seen, async (request) => {
      const chunks: Uint8Array[] = []
      for await (const chunk of request) chunks.push(chunk)
      return Buffer.concat(chunks)
    }),
  'node:http, readBody': async (partner, seen) =>
    nodeHost(partner, seen, async (request) => {
      const bytes = await readBody(request, { types: ['application/json'], limit: 1000 })
      if (isAuthError(bytes)) throw new Refused(bytes)
      return bytes
    }),
  'node:http, as text': async (partner, seen) =>
    nodeHost(partner, seen, (request) => {
      request.setEncoding('utf8')
      return new Promise((resolve, reject) => {
        let text = ''
        request
          .on('data', (chunk) => (text += chunk))
          .on('end', () => resolve(Buffer.from(text)))
          .on('error', reject)
      })
    }),
}

function expressApp(make: typeof express, partner: Guard, seen: string[]): RequestListener {
  const app = make()
  // A middleware that takes its time: the body has come before anybody looks.
  app.use((request, _response, next) => (request.headers['x-late'] ? setTimeout(next, 50) : next()))
  app.use('/taken', make.json())
  app.use('/twice', expressProtect(partner))
  app.post(['/orders', '/taken', '/twice'], expressProtect(partner), make.json(), (request, response) => {
    seen.push(JSON.stringify(request.body))
    response.json({ by: partner.principal(request).subject })
  })
  app.get('/orders', expressProtect(partner), (request, response) => {
    seen.push('get')
    response.json({ by: partner.principal(request).subject })
  })
  app.use(expressProblems({ log: (error) => seen.push((error as Error).message) }))
  return app
}

function nodeHost(
  partner: Guard,
  seen: string[],
  read: (request: IncomingMessage) => Promise<Uint8Array>,
): RequestListener {
  return async (request, response) => {
    const answered = async () => {
      if (request.headers['x-late']) await sleep(50)
      const verdict = await partner.check(request)
      if (verdict?.status !== undefined) return verdict
      seen.push(request.method === 'GET' ? 'get' : Buffer.from(await read(request)).toString())
      return json(200, { by: partner.principal(request).subject })
    }
    const { status, headers, body } = await answered().catch((thrown) => {
      if (errorOf(thrown).code === 'server_error') seen.push(thrown.message)
      return refusalOf(thrown, request)
    })
    response.writeHead(status, headers).end(body)
  }
}

export async function startHost(name: string, partner: Guard): Promise<Host> {
  const seen: string[] = []
  const server = createServer(await (HOSTS[name] as (typeof HOSTS)[string])(partner, seen)).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    seen,
    stop: () => new Promise((resolve) => server.close(() => resolve()).closeAllConnections()),
  }
}

export interface Got {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

/** Sends pieces one after the other; `undefined` for an exchange that broke off. */
export function exchange(
  host: Pick<Host, 'port'>,
  { method, path, headers }: Sent,
  pieces: readonly Uint8Array[],
  isChunked: boolean,
): Promise<Got | undefined> {
  return new Promise((resolve) => {
    const length = pieces.reduce((sum, { length }) => sum + length, 0)
    const framing =
      pieces.length === 0 ? {} : isChunked ? { 'transfer-encoding': 'chunked' } : { 'content-length': `${length}` }
    const request = httpRequest({
      host: '127.0.0.1',
      port: host.port,
      method,
      path,
      headers: { ...headers, ...framing },
    })
    request.on('error', () => resolve(undefined))
    request.on('response', async (response) => {
      let body = ''
      for await (const chunk of response) body += chunk
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body })
    })
    void (async () => {
      request.flushHeaders()
      for (const [at, piece] of pieces.entries()) {
        if (at > 0) await sleep(20)
        request.write(piece)
      }
      request.end()
    })()
  })
}
