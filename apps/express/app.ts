import type { Server } from 'node:http'
import { answerClientError, mount, problems, protect, validate } from '@countersign/express'
import { parseQuery, type Sample, serverFor } from '@sample/domain'
import type { Express, RequestHandler } from 'express'

/** The sample API on Express, 4 or 5. */
export function expressHost(app: Express, sample: Sample): Server {
  const { routes, endpoints, find } = sample
  app.disable('x-powered-by').set('query parser', parseQuery).enable('case sensitive routing').enable('strict routing')
  if (sample.settings.trustedPeers.length > 0) app.set('trust proxy', [...sample.settings.trustedPeers])
  app.use((request, response, next) => {
    const found = find(request)
    if ('status' in found) response.writeHead(found.status, found.headers).end(found.body)
    else next()
  })
  app.use(mount(endpoints))
  for (const { method, path, policy, input, first, handle } of routes) {
    const verb = method.toLowerCase() as 'get' | 'post' | 'put' | 'delete'
    const answered =
      (ask: NonNullable<typeof first> | typeof handle): RequestHandler =>
      (request, response, next) => {
        const { body, query, params } = request
        Promise.resolve(null)
          .then(() => ask({ request, body, query, params: params as Record<string, string> }))
          .then((answer) => (answer ? response.writeHead(answer.status, answer.headers).end(answer.body) : next()))
          .catch(next)
      }
    const ahead = first ? [answered(first)] : []
    app[verb](path, protect(policy), ...ahead, validate(input), answered(handle))
  }
  app.use(problems())
  return serverFor(sample, app).on('clientError', answerClientError)
}
