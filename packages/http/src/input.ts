import { problem, type Refusal, Refused } from './answer.ts'
import { BODY_LIMIT, MISSING, readBody } from './body.ts'
import { type AuthError, authError, type Issue, isAuthError, STATUS } from './error.ts'
import { parseJson } from './json.ts'
import { checkOptions } from './options.ts'
import { messageOf, type RequestView } from './request.ts'

/** What a check of a value yields: the value, typed, or what is wrong with it. */
export type Checked<T> = { readonly value: T; readonly issues?: undefined } | { readonly issues: readonly Issue[] }

/**
 * A validator as this floor sees it; `@countersign/schema` makes them from JSON Schema. `validate` takes a value as
 * it is; `validateText` takes query or path parameters, whose scalars arrive as text, and converts those.
 */
export interface Schema<T = unknown> {
  readonly schema: object
  validate(value: unknown): Checked<T>
  validateText(values: unknown): Checked<T>
}
export type TypeOf<S> = S extends Schema<infer T> ? T : never

/** Which parts of a request are checked, by which schema. */
export interface Input {
  readonly body?: Schema
  readonly query?: Schema
  readonly params?: Schema
  /** Bytes a body may have: 100 KiB unless told otherwise. */
  readonly bodyLimit?: number
}

/** Checks an input when a validator is made of it. Throws a TypeError for a part that is none or has no schema. */
export function checkParts(maker: string, input: Input): void {
  checkOptions(maker, input, ['body', 'query', 'params', 'bodyLimit'])
  const { body, query, params, bodyLimit } = input ?? {}
  const given = Object.entries({ body, query, params }).filter(([, schema]) => schema !== undefined)
  for (const [part, schema] of given) {
    if (typeof schema?.validate !== 'function' || typeof schema.validateText !== 'function') {
      throw new TypeError(`${maker}: "${part}" must be a schema that defineSchema() of @countersign/schema made`)
    }
  }
  if (bodyLimit !== undefined && !(Number.isSafeInteger(bodyLimit) && bodyLimit > 0)) {
    throw new TypeError(`${maker}: "bodyLimit" must be a whole number of bytes`)
  }
}

/** The parts as a framework has them. `body` is `undefined` when nothing has parsed it yet. */
export interface Parts {
  readonly body?: unknown
  readonly query?: unknown
  readonly params?: unknown
}

const JSON_ONLY: readonly string[] = ['application/json']

/**
 * Checks a request against its input: the parts that were checked, converted and safe to use, or the refusal. Reads and
 * parses the body as strict JSON where nothing has yet (415, 413, 400 in that order); where a parser already took it,
 * checks what that made.
 */
export async function checkInput(
  input: Input,
  request: RequestView,
  parts: Parts,
): Promise<{ readonly parts: Parts } | Refusal> {
  const checked: { body?: unknown; query?: unknown; params?: unknown } = {}
  const issues: Issue[] = []
  if (input.params) collect(input.params.validateText(parts.params), 'params')
  if (input.query) collect(input.query.validateText(parts.query), 'query')
  if (input.body) {
    const body = await bodyOf(request, parts.body, input.bodyLimit ?? BODY_LIMIT)
    if (isAuthError(body)) return problem(body)
    collect(input.body.validate(body.value), 'body')
  }
  return issues.length === 0 ? { parts: checked } : problem(inputError(issues))

  function collect(result: Checked<unknown>, part: 'body' | 'query' | 'params'): void {
    if (result.issues) issues.push(...result.issues)
    else checked[part] = result.value
  }
}

/** The error for an input that does not fit: `invalid_request` with `errors`. */
export function inputError(issues: readonly Issue[]): AuthError {
  return authError('invalid_request', 'input.invalid', { detail: 'The input does not fit its schema.', issues })
}

async function bodyOf(
  request: RequestView,
  parsed: unknown,
  limit: number,
): Promise<{ readonly value: unknown } | AuthError> {
  const { readableDidRead: read } = messageOf(request) as { readonly readableDidRead?: boolean }
  // body-parser 1 (Express 4) leaves `{}` for a body that it did not take: that is nobody's word on what was sent.
  const placeholder = read === false && isEmpty(parsed)
  if (parsed !== undefined && parsed !== null && !placeholder) return { value: parsed }
  if (read) return MISSING // a parser read it, and found nothing
  const bytes = await readBody(request, { types: JSON_ONLY, limit })
  if (!isAuthError(bytes)) return parseJson(bytes)
  // Not what was sent but who sent it: the policy in front has the challenges for that.
  if (STATUS[bytes.code] === 401) throw new Refused(bytes)
  return bytes
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length === 0
}
