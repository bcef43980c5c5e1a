import type { Server } from 'node:http'
import { inventory, mount, problems, protect, validate } from '@countersign/fastify'
import { type Answer, answerClientError } from '@countersign/http'
import { refusalOf } from '@countersign/policy'
import { parseQuery, type Sample } from '@sample/domain'
import Fastify, { type FastifyReply } from 'fastify'

const answerWith = (reply: FastifyReply, { status, headers, body }: Answer) =>
  reply.code(status).headers(headers).send(body)

/** The sample API on Fastify, and what is registered there: it does not start with a route that holds no policy. */
export async function fastifyHost({ routes, endpoints, find, server, certificates, settings }: Sample) {
  const app = Fastify({
    trustProxy: settings.trustedPeers.length > 0 ? [...settings.trustedPeers] : false,
    requestTimeout: server.requestTimeout,
    keepAliveTimeout: server.keepAliveTimeout,
    ...(certificates ? { https: server } : { http: server }),
    routerOptions: { maxParamLength: 16_384, querystringParser: parseQuery },
    clientErrorHandler: answerClientError,
    frameworkErrors(error, request, reply: FastifyReply) {
      const found = find(request)
      answerWith(reply, 'status' in found ? found : refusalOf(error, request))
    },
  })
  const seen = inventory(app, { undeclared: 'refuse' })
  app.addHook('onRequest', (request, reply, done) => {
    const found = find(request)
    if ('status' in found) answerWith(reply, found)
    else done()
  })
  // Bodies are read by `validate`, the same on every host.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, _payload, done) => done(null))
  app.register(problems)
  app.register(mount(endpoints))
  for (const { method, path, policy, input, first, handle } of routes) {
    app.route({
      method,
      url: path,
      onRequest: protect(policy),
      async preParsing(request, reply) {
        const refused = await first?.({ request, params: request.params as Record<string, string> })
        if (refused) await answerWith(reply, refused)
      },
      preValidation: validate(input),
      async handler(request, reply) {
        const { body, query, params } = request
        return answerWith(reply, await handle({ request, body, query, params: params as Record<string, string> }))
      },
    })
  }
  await app.ready()
  return { server: app.server as Server, routes: seen.routes }
}
