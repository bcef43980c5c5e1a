import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { mount as expressMount, problems as expressProblems, protect as expressProtect } from '@countersign/express'
import { mount as fastifyMount, problems as fastifyProblems, protect as fastifyProtect } from '@countersign/fastify'
import type { Answer } from '@countersign/http'
import type { OAuthClient, SignedIn } from '@countersign/oauth-client'
import { type Decision, findEndpoint, type Mode, type Policy, refusalOf } from '@countersign/policy'
import express from 'express'
import Fastify from 'fastify'

export interface App {
  readonly port: number
  close(): Promise<unknown>
}

type SignedInPolicy = Policy<Decision<'session', SignedIn>, Mode>

/** `/me` says who, `/change` changes something, `/tokens` says which access token. */
export const HOSTS: Readonly<Record<string, (login: OAuthClient, signedIn: SignedInPolicy) => Promise<App>>> = {
  async express(login, signedIn) {
    const app = express()
    app.use(expressMount(login.endpoints))
    app.get('/me', expressProtect(signedIn), (req, res) => void res.json(signedIn.principal(req)))
    app.post('/change', expressProtect(signedIn), (_req, res) => void res.json('changed'))
    app.get('/tokens', expressProtect(signedIn), (req, res, next) => {
      login.tokens(req).then((tokens) => void res.json(tokens), next)
    })
    app.use(expressProblems({ log: () => undefined }))
    return listening(createServer(app))
  },
  async fastify(login, signedIn) {
    const app = Fastify()
    app.register(fastifyProblems)
    app.register(fastifyMount(login.endpoints))
    app.get('/me', { onRequest: fastifyProtect(signedIn) }, async (request) => signedIn.principal(request))
    app.post('/change', { onRequest: fastifyProtect(signedIn) }, async () => 'changed')
    app.get('/tokens', { onRequest: fastifyProtect(signedIn) }, async (request) => login.tokens(request))
    await app.listen({ port: 0, host: '127.0.0.1' })
    return { port: (app.server.address() as AddressInfo).port, close: () => app.close() }
  },
  async node(login, signedIn) {
    const answer = async (request: IncomingMessage, response: ServerResponse): Promise<Answer> => {
      const path = (request.url ?? '/').split('?')[0] as string
      const endpoint = findEndpoint(login.endpoints, request.method, path)
      if (endpoint) return endpoint.handle(request)
      const verdict = await signedIn.check(request)
      if (verdict && 'status' in verdict) return verdict as Answer
      for (const [name, value] of Object.entries(verdict?.headers ?? {})) response.setHeader(name, value)
      const value =
        path === '/me' ? signedIn.principal(request) : path === '/tokens' ? await login.tokens(request) : 'changed'
      return { status: 200, headers: { 'content-type': 'application/json' }, body: Buffer.from(JSON.stringify(value)) }
    }
    return listening(
      createServer((request, response) => {
        answer(request, response)
          .catch((error: unknown) => refusalOf(error, request))
          .then(
            ({ status, headers, body }) => void response.writeHead(status, headers as Record<string, string>).end(body),
          )
      }),
    )
  },
}

async function listening(server: Server): Promise<App> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(resolve))
    },
  }
}
