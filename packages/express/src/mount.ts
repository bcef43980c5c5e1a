import type { ServerResponse } from 'node:http'
import { checkGiven } from '@countersign/http'
import { type CarriesEndpoints, ENDPOINTS } from '@countersign/inventory'
import { anyone, checkEndpoints, type Endpoint, findEndpoint } from '@countersign/policy'
import type { NextFunction, Request } from 'express'
import { protect } from './protect.ts'
import { send } from './send.ts'

/**
 * Middleware that serves the endpoints a package brings along, each under its own policy. Throws a TypeError for what are no
 * endpoints where it is made, and where it stands in Fastify.
 */
export function mount(
  endpoints: readonly Endpoint[],
): ((request: Request, response: ServerResponse, next: NextFunction) => void) & CarriesEndpoints {
  checkEndpoints('mount()', endpoints)
  const guards = new Map(endpoints.map((endpoint) => [endpoint, protect(endpoint.policy ?? anyone)]))
  const handler = (request: Request, response: ServerResponse, next: NextFunction) => {
    checkGiven('express', 'mount', request, next)
    const endpoint = findEndpoint(endpoints, request.method, request.path)
    if (!endpoint) return next()
    guards.get(endpoint)?.(request, response, (refused?: unknown) => {
      if (refused) return next(refused)
      const answer = endpoint.handle(request)
      if (answer instanceof Promise) answer.then((later) => send(response, later)).catch(next)
      else send(response, answer)
    })
  }
  return Object.assign(handler, { [ENDPOINTS]: endpoints })
}
