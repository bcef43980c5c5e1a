import { authError, headerLines, messageOf, Refused, type RequestView } from '@countersign/http'
import type { Description, Policy, Rule } from '@countersign/policy'
import type { ToolScopes } from './tool-scopes.ts'

/** Fits Express, behind its body parser, and Fastify as a `preHandler`: it asks for the parsed body alone. */
export type ToolMiddleware = (
  request: RequestView & { readonly body?: unknown },
  response: object,
  next: (error?: Error) => void,
) => void

type Asked = Pick<Policy, 'authorize' | 'describe'>

const NOT_JSON = authError('unsupported_media_type', 'tool.body')
const JSON_TYPE = /^application\/json(?:[ \t]*;[ \t]*charset=(?:utf-8|"utf-8"))?[ \t]*$/i
const BATCH = authError('invalid_request', 'tool.batch', { detail: 'The body must be one JSON-RPC message.' })
const NO_TOOL = authError('access_denied', 'tool.unlisted', { detail: 'This may be called by nobody.' })

/**
 * Refuses a call before the handler sees it: 403 `insufficient_scope` that names every scope the request needs, those of the
 * policy too, so that a client can step up (RFC 6750 section 3.1). `policy` must have passed on this request. The refusal is
 * thrown: `problems` of the adapter, or your own error handler, answers with it. A body that the parser left because it is not
 * one `application/json` is 415. JSON that is not parsed yet is a bug, and never passes.
 */
export function protectTools(policy: Asked, tools: ToolScopes): ToolMiddleware {
  checkParts('protectTools()', policy, tools)
  return (request, _response, next) => {
    const { body } = request
    if (typeof body !== 'object' || body === null || Buffer.isBuffer(body)) return next(unparsed(request))
    if (isPlaceholder(body, request) || typesOf(request).length > 1) return next(new Refused(NOT_JSON))
    authorizeCall(policy, tools, request, body).then(() => next(), next)
  }
}

/**
 * The same for a server without middleware: resolves when the caller may send this parsed message, else rejects with `Refused`:
 * 403 `insufficient_scope` or `access_denied`, 400 for a batch (MCP 2025-06-18 and later have none).
 */
export async function authorizeCall(
  policy: Asked,
  tools: ToolScopes,
  request: RequestView,
  message: object,
): Promise<void> {
  checkParts('authorizeCall()', policy, tools)
  if (Array.isArray(message)) throw new Refused(BATCH)
  const rules = tools.rulesFor(message)
  if (rules === undefined) throw new Refused(NO_TOOL)
  if (rules.length === 0) return
  // Held already: they are there to be named, so that a token for what is named opens the policy too.
  const before = scopesIn(policy.describe().allow).map((scope): Rule<unknown> => ({ scope }))
  const refusal = await policy.authorize(request, { allOf: [...before, ...rules] })
  if (refusal) throw new Refused(refusal)
}

/** The scopes without which nobody passes a policy. */
function scopesIn(rule: Description['allow']): readonly string[] {
  if (rule && 'scope' in rule) return [rule.scope]
  return rule && 'allOf' in rule ? rule.allOf.flatMap(scopesIn) : []
}

function checkParts(maker: string, policy: Partial<Asked> | undefined, tools: Partial<ToolScopes> | undefined): void {
  if (typeof policy?.authorize !== 'function' || typeof policy.describe !== 'function')
    throw new TypeError(`${maker} takes a policy and toolScopes({ … })`)
  if (typeof tools?.rulesFor !== 'function') throw new TypeError(`${maker} takes a policy and toolScopes({ … })`)
}

/** body-parser 1 (Express 4) leaves `{}` for a body that it did not take: the SDK would read that one by itself. */
function isPlaceholder(body: object, request: RequestView): boolean {
  const { readableDidRead } = messageOf(request) as { readonly readableDidRead?: boolean }
  return readableDidRead === false && Object.keys(body).length === 0
}

const typesOf = (request: RequestView) => headerLines(messageOf(request), 'content-type')

/** The SDK reads a body that nobody parsed by itself: behind a guard that saw nothing the tool would run. */
function unparsed(request: RequestView): Error | undefined {
  const { method, rawHeaders } = messageOf(request)
  const hasBody = rawHeaders.some((name, at) => at % 2 === 0 && /^(content-length|transfer-encoding)$/i.test(name))
  if ((method === 'GET' || method === 'DELETE') && !hasBody) return undefined
  const types = typesOf(request)
  // What a client does wrong is no bug of the server: any parser of JSON would have taken the rest.
  if (!hasBody || types.length !== 1 || !types.every((type) => JSON_TYPE.test(type))) return new Refused(NOT_JSON)
  return new TypeError(
    'protectTools() saw no parsed body: put it behind the body parser (Express: express.json(), Fastify: a preHandler)',
  )
}
