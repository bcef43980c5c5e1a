// Services behind a gateway that show what reached them: one on Express, one on Fastify.
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { problems, protect } from '@countersign/express'
import { problems as fastifyProblems, protect as fastifyProtect } from '@countersign/fastify'
import { forwarded } from '@countersign/gateway'
import { policy } from '@countersign/policy'
import express from 'express'
import Fastify from 'fastify'

export interface Shown {
  readonly method: string
  readonly url: string
  readonly headers: readonly string[]
  readonly body: string
  readonly caller?: { readonly subject: string; readonly scopes?: readonly string[]; readonly scheme: string }
}

/** What reached a service, and how many streams it still sends. */
export interface Seen {
  readonly requests: Shown[]
  open: number
  /** Bodies that broke off. */
  broken: number
}

export interface ServiceOptions {
  readonly issuer: string
  readonly audience: string
  readonly jwksUri: string
}

/** Each service by its framework, with `forwarded` as its one scheme. */
export const SERVICES: Readonly<Record<string, (options: ServiceOptions, seen: Seen) => Promise<RequestListener>>> = {
  async Express(options, seen) {
    const guard = policy({ accept: forwarded(options) })
    const app = express()
    app.use('/public', (request, response) => void show(seen, request, response))
    app.use(protect(guard), (request, response) => {
      const { subject, scopes, scheme } = guard.principal(request)
      return serve(seen, request, response, { subject, ...(scopes && { scopes }), scheme })
    })
    app.use(problems())
    return app
  },
  async Fastify(options, seen) {
    const guard = policy({ accept: forwarded(options) })
    const app = Fastify()
    await app.register(fastifyProblems)
    app.removeAllContentTypeParsers()
    app.addContentTypeParser('*', (_request, _payload, done) => done(null))
    app.all('/public/*', async (request, reply) => show(seen, request.raw, reply.hijack().raw))
    app.all('/*', { onRequest: fastifyProtect(guard) }, async (request, reply) => {
      const { subject, scopes, scheme } = guard.principal(request)
      serve(seen, request.raw, reply.hijack().raw, { subject, ...(scopes && { scopes }), scheme })
    })
    await app.ready()
    return (request, response) => app.routing(request, response)
  },
}

/** Paths that misbehave, and all others, which show. */
function serve(
  seen: Seen,
  request: IncomingMessage,
  response: ServerResponse,
  caller: NonNullable<Shown['caller']>,
): void {
  const path = (request as { originalUrl?: string }).originalUrl ?? request.url ?? ''
  if (path === '/events') return void stream(seen, response)
  if (path === '/posts/hang') return void seen.requests.push(shownOf(request, '', caller))
  if (path === '/posts/break') return void request.socket.destroy()
  if (path === '/posts/half') {
    response.writeHead(200, { 'content-length': '100' }).write('half')
    return void setTimeout(() => request.socket.destroy(), 50)
  }
  if (path === '/posts/busy') {
    seen.requests.push(shownOf(request, '', caller))
    return void response
      .writeHead(503, {
        ...{ 'retry-after': '7', 'x-kept': 'yes', 'content-type': 'text/busy', 'x-request-id': 'of the service' },
        ...{ connection: 'X-Secret, content-type', 'x-secret': '1', 'keep-alive': 'max=7' },
        'proxy-authenticate': 'Basic',
      })
      .end('busy')
  }
  void show(seen, request, response, caller)
}

async function show(
  seen: Seen,
  request: IncomingMessage,
  response: ServerResponse,
  caller?: Shown['caller'],
): Promise<void> {
  let body = ''
  try {
    for await (const chunk of request) body += chunk.toString('latin1')
  } catch {
    seen.broken++
    return
  }
  const shown = shownOf(request, body, caller)
  seen.requests.push(shown)
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(shown))
}

function shownOf(request: IncomingMessage, body: string, caller: Shown['caller']): Shown {
  const url = (request as { originalUrl?: string }).originalUrl ?? request.url ?? ''
  return { method: request.method ?? '', url, headers: request.rawHeaders, body, ...(caller && { caller }) }
}

function stream(seen: Seen, response: ServerResponse): void {
  seen.open++
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  let at = 0
  const timer = setInterval(() => response.write(`data: ${at++}\n\n`), 100)
  response.on('close', () => {
    clearInterval(timer)
    seen.open--
  })
}
