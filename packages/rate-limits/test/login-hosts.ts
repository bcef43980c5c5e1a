// Hosts of every kind with a login, and a client that chooses its address and its headers.
import { createServer, request as httpRequest, type IncomingMessage, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { problems as expressProblems } from '@countersign/express'
import { problems as fastifyProblems } from '@countersign/fastify'
import { json, parseJson, type RequestView, readBody } from '@countersign/http'
import type { PasswordCredential } from '@countersign/passwords'
import { refusalOf } from '@countersign/policy'
import express from 'express'
import Fastify from 'fastify'

type Login = (body: PasswordCredential, request: RequestView) => Promise<{ readonly subject: string }>

/** `trusts`: whether the peer is a proxy whose `X-Forwarded-For` is believed. */
export const HOSTS: Readonly<
  Record<string, { readonly trusts: boolean; make(login: Login): Promise<RequestListener> }>
> = {
  'Express without a proxy': { trusts: false, make: async (login) => expressApp(login, false) },
  'Express behind a proxy': { trusts: true, make: async (login) => expressApp(login, 'loopback') },
  'Fastify without a proxy': { trusts: false, make: (login) => fastifyApp(login, false) },
  'Fastify behind a proxy': { trusts: true, make: (login) => fastifyApp(login, 'loopback') },
  'node:http': { trusts: false, make: async (login) => nodeHost(login) },
}

function expressApp(login: Login, trust: string | false): RequestListener {
  const app = express()
  app.set('trust proxy', trust)
  app.post('/login', express.json(), async (request, response) => {
    response.json(await login(request.body, request))
  })
  app.use(expressProblems())
  return app
}

async function fastifyApp(login: Login, trust: string | false): Promise<RequestListener> {
  const app = Fastify({ trustProxy: trust })
  await app.register(fastifyProblems)
  app.post('/login', async (request) => login(request.body as PasswordCredential, request))
  await app.ready()
  return (request, response) => app.routing(request, response)
}

function nodeHost(login: Login): RequestListener {
  return async (request, response) => {
    const answered = async () => {
      const bytes = (await readBody(request, { types: ['application/json'], limit: 1000 })) as Uint8Array
      const { value } = parseJson(bytes) as { readonly value: PasswordCredential }
      return json(200, await login(value, request))
    }
    const { status, headers, body } = await answered().catch((thrown) => refusalOf(thrown, request))
    response.writeHead(status, headers).end(body)
  }
}

export async function startHost(name: string, login: Login) {
  const server = createServer(await (HOSTS[name] as (typeof HOSTS)[string]).make(login)).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  return {
    /** Logs in from an address of this machine. */
    post: (credential: object, headers: Readonly<Record<string, string>> = {}, localAddress = '127.0.0.1') =>
      post(port, credential, headers, localAddress),
    stop: () => new Promise<void>((resolve) => server.close(() => resolve()).closeAllConnections()),
  }
}

export interface Got {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

function post(port: number, credential: object, headers: object, localAddress: string): Promise<Got> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest({
      host: '127.0.0.1',
      port,
      localAddress,
      method: 'POST',
      path: '/login',
      agent: false,
      headers: { 'content-type': 'application/json', ...headers },
    })
    sent.on('error', reject)
    sent.on('response', async (response) => {
      let body = ''
      for await (const chunk of response) body += chunk
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body })
    })
    sent.end(JSON.stringify(credential))
  })
}
