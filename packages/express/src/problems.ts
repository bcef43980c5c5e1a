import { authError, checkOptions, Refused, STATUS } from '@countersign/http'
import { refusalOf } from '@countersign/policy'
import type { ErrorRequestHandler, RequestHandler } from 'express'
import { send } from './send.ts'

const NOT_FOUND = authError('not_found', 'route.unknown')

export interface ProblemsOptions {
  /** Told of every error that became a 500, and of what was down behind a 503: `console.error` unless told otherwise. */
  readonly log?: (error: unknown) => void
}

/**
 * The last handlers of an app: what no route took is 404, what was thrown is answered as problem details (RFC 9457).
 * A framework's own 4xx keeps its status where the table of codes has it, else it is 400; a bug is 500, says nothing of
 * itself and is logged.
 */
export function problems(options: ProblemsOptions = {}): [RequestHandler, ErrorRequestHandler] {
  if ('rawHeaders' in options) throw new TypeError('use it as app.use(problems()), with its parentheses')
  checkOptions('problems()', options, ['log'])
  const { log = console.error } = options
  const missing: RequestHandler = (_request, _response, next) => next(new Refused(NOT_FOUND))
  const answer: ErrorRequestHandler = (error: unknown, request, response, next) => {
    if (response.headersSent) return next(error)
    const refusal = refusalOf(error, request)
    if (refusal.status >= STATUS.server_error) log(error)
    send(response, refusal)
  }
  return [missing, answer]
}
