import { randomUUID } from 'node:crypto'
import { mount, problems, protect } from '@countersign/fastify'
import type { ForwardedIdentity } from '@countersign/gateway'
import { gatewayRoutes } from '@countersign/gateway'
import {
  type Answer,
  answerClientError,
  type Headers,
  isAuthError,
  isRefused,
  pathOf,
  problem,
  Unavailable,
} from '@countersign/http'
import { type Endpoint, refusalOf } from '@countersign/policy'
import type { ServerTimeouts } from '@countersign/transport'
import proxy from '@fastify/http-proxy'
import Fastify, { type FastifyReply } from 'fastify'
import { answerHeaders } from './answer-headers.ts'
import { limitBody } from './body-limit.ts'
import { bodyFault, hostFault } from './request-head.ts'
import type { ProxyRoute } from './routes.ts'

export interface GatewayOptions {
  readonly routes: readonly ProxyRoute[]
  readonly identity: ForwardedIdentity
  /** What the gateway serves itself. */
  readonly endpoints: readonly Endpoint[]
  /** The services, all behind one origin. */
  readonly upstream: string
  /** Bytes. */
  readonly bodyLimit: number
  /** Milliseconds until the head of an answer, and between two pieces of its body. */
  readonly timeout: number
  readonly idleTimeout: number
  /** Gateways in front of this one, whose word on the address of a client counts. */
  readonly trustedPeers: readonly string[]
  /** For a request to arrive: `serverTimeouts`. */
  readonly times: ServerTimeouts
}

/** What is used of a reply, whatever server it is of. */
interface Reply {
  code(status: number): Reply
  headers(values: Headers): Reply
  send(payload?: unknown): unknown
}

const answerWith = (reply: Reply, { status, headers, body }: Answer) => reply.code(status).headers(headers).send(body)

/** Authenticates once, by the policy of the route, and passes on what the route table lists. */
export async function gateway(options: GatewayOptions) {
  const { routes, identity, endpoints, upstream, bodyLimit, timeout, idleTimeout, times, trustedPeers } = options
  const find = gatewayRoutes(routes)
  const guards = new Map(routes.map((route) => [route, protect(route.policy)]))
  const chosen = new WeakMap<object, ProxyRoute>()
  const onward = new WeakMap<object, Headers>()

  const app = Fastify({
    ...times,
    // Node's own answer to a request without Host has no body; ours is below.
    http: { ...times, requireHostHeader: false },
    ...(trustedPeers.length > 0 && { trustProxy: [...trustedPeers] }),
    genReqId: () => randomUUID(),
    requestIdHeader: false,
    // A target in absolute form (RFC 9112 section 3.2.2): where it goes on to is for the route table to say.
    rewriteUrl: ({ url = '/' }) => url.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?]*/i, '') || '/',
    bodyLimit,
    routerOptions: { maxParamLength: 16_384 },
    clientErrorHandler: answerClientError,
    frameworkErrors: (error, request, reply: FastifyReply) => answerWith(reply, refusalOf(error, request)),
  })
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id)
    const fault = hostFault(request.raw)
    if (fault) answerWith(reply, problem(fault))
    else done()
  })
  await app.register(problems)
  await app.register(mount(endpoints))
  await app.register(async (scope) => {
    scope.addHook('onRequest', (request, reply, done) => {
      const route = bodyFault(request.raw) ?? find(request.method, pathOf(request))
      if (isAuthError(route)) return void answerWith(reply, problem(route))
      chosen.set(request.raw, route)
      guards.get(route)?.(request, reply, done)
    })
    // Fastify's own parser of text/plain would take bytes for UTF-8.
    scope.removeAllContentTypeParsers()
    scope.addHook('preParsing', (request, _reply, payload, done) => limitBody(request.raw, payload, bodyLimit, done))
    await scope.register(proxy, {
      upstream,
      async preHandler(request, reply) {
        const { audience } = chosen.get(request.raw) as ProxyRoute
        const headers = await identity.headers(request, { audience })
        if (isAuthError(headers)) return answerWith(reply, problem(headers))
        onward.set(request.raw, { ...headers, 'x-request-id': request.id })
      },
      replyOptions: {
        rewriteRequestHeaders: (request) => onward.get(request.raw) as Record<string, string>,
        rewriteHeaders: answerHeaders,
        onError: (reply, { error }) => void answerWith(reply, refusalOf(faultOf(error), reply.request)),
      },
      // By itself it asks a service that answers 503 ten times more.
      retryMethods: [],
      disableRequestLogging: true,
      // By itself it takes any certificate.
      undici: { headersTimeout: timeout, bodyTimeout: idleTimeout, connect: { timeout, rejectUnauthorized: true } },
    })
  })
  await app.ready()
  return app
}

/** A body over the limit is the client's; whatever else happens on the way to a service is nobody's fault here. */
function faultOf(error: Error): Error {
  const { cause } = error
  return isRefused(cause) ? cause : new Unavailable('the service', { cause: cause ?? error })
}
