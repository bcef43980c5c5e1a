import { authError, messageOf, Refused, type RequestView } from '@countersign/http'
import type { Policy } from '@countersign/policy'
import type { ToolScopes } from './tool-scopes.ts'

/** Fits Express, behind its body parser, and Fastify as a `preHandler`: it asks for the parsed body alone. */
export type ToolMiddleware = (
  request: RequestView & { readonly body?: unknown },
  response: object,
  next: (error?: Error) => void,
) => void

const NOT_JSON = authError('unsupported_media_type', 'tool.body')
const NO_TOOL = authError('access_denied', 'tool.unlisted', { detail: 'This tool may be called by nobody.' })

/**
 * Refuses a tool call before the handler sees it: 403 `insufficient_scope` that names every scope the call needs, so that a
 * client can step up (RFC 6750 section 3.1). `policy` must have passed on this request. The refusal is thrown: `problems` of
 * the adapter, or your own error handler, answers with it. A POST whose body is not parsed yet is a bug, and never passes.
 */
export function protectTools(policy: Pick<Policy, 'authorize'>, tools: ToolScopes): ToolMiddleware {
  if (typeof policy?.authorize !== 'function' || typeof tools?.scopesFor !== 'function')
    throw new TypeError('protectTools() takes a policy and toolScopes({ … })')
  return (request, _response, next) => {
    const { body } = request
    if (typeof body !== 'object' || body === null || Buffer.isBuffer(body)) return next(unparsed(request))
    if (isPlaceholder(body, request)) return next(new Refused(NOT_JSON))
    const scopes = tools.scopesFor(body)
    if (scopes === undefined) return next(new Refused(NO_TOOL))
    if (scopes.length === 0) return next()
    Promise.resolve(null)
      .then(() => policy.authorize(request, { allOf: scopes.map((scope) => ({ scope })) }))
      .then((refusal) => next(refusal && new Refused(refusal)), next)
  }
}

/** body-parser 1 (Express 4) leaves `{}` for a body that it did not take: the SDK would read that one by itself. */
function isPlaceholder(body: object, request: RequestView): boolean {
  const { readableDidRead } = messageOf(request) as { readonly readableDidRead?: boolean }
  return readableDidRead === false && Object.keys(body).length === 0
}

/** The SDK reads a body that nobody parsed by itself: behind a guard that saw nothing the tool would run. */
function unparsed(request: RequestView): Error | undefined {
  const { method, rawHeaders } = messageOf(request)
  const hasBody = rawHeaders.some((name, at) => at % 2 === 0 && /^(content-length|transfer-encoding)$/i.test(name))
  if ((method === 'GET' || method === 'DELETE') && !hasBody) return undefined
  return new TypeError(
    'protectTools() saw no parsed body: put it behind the body parser (Express: express.json(), Fastify: a preHandler)',
  )
}
