import { type Code, STATUS } from '@countersign/http'
import type { Description, RequirementDescription, RuleDescription } from '@countersign/policy'
import type { PathParam } from './path.ts'
import { isDeclared, type RouteEntry } from './route.ts'
import type { Schemas } from './schemas.ts'
import type { SecurityRequirement } from './security.ts'
import { ruleWords } from './words.ts'

/** What a document says of a route: OpenAPI's Operation Object, as far as it follows from what is enforced. */
export interface Operation {
  readonly description?: string
  readonly parameters?: readonly object[]
  readonly requestBody?: object
  readonly responses: Readonly<Record<string, object>>
  /** Left out: nothing says who may call. Empty: anyone. */
  readonly security?: readonly SecurityRequirement[]
  readonly 'x-policy': readonly object[]
}

export const PROBLEM = { $ref: '#/components/schemas/Problem' } as const

/** What every refusal holds (RFC 9457), with the code of the table. */
export const PROBLEM_SCHEMA = {
  type: 'object',
  properties: {
    type: { type: 'string', format: 'uri-reference' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    code: { type: 'string' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        properties: { pointer: { type: 'string' }, detail: { type: 'string' } },
        required: ['pointer', 'detail'],
      },
    },
  },
  required: ['type', 'title', 'status', 'detail', 'code'],
} as const

const TEXT = { type: 'string' } as const
/** Methods whose GET-like requests have no body to describe. */
const BODILESS: readonly string[] = ['get', 'head']

/** The operation for a route under one of its templates. */
export function operationOf(
  entry: RouteEntry,
  method: string,
  params: readonly PathParam[],
  security: readonly SecurityRequirement[],
  schemas: Schemas,
): Operation {
  const policies = entry.guards.map(({ policy }) => policy)
  const words = policies.flatMap(said)
  const parameters = [...pathParameters(entry, params, schemas), ...queryParameters(entry, schemas)]
  const body = BODILESS.includes(method) ? undefined : entry.input?.body
  return {
    ...(words.length > 0 && { description: words.join(' ') }),
    ...(parameters.length > 0 && { parameters }),
    ...(body && { requestBody: { required: true, content: { 'application/json': { schema: schemas.place(body) } } } }),
    responses: responsesOf(entry, body !== undefined),
    ...(isDeclared(entry) && { security }),
    'x-policy': policies.map(({ name, mode, allow, maxAge, conditions }) => ({
      name,
      mode,
      ...(allow && { allow }),
      ...(maxAge !== undefined && { maxAge }),
      ...(conditions.length > 0 && { conditions: conditions.map((one) => one.name) }),
    })),
  }
}

/** What OpenAPI's `security` has no words for. */
function said({ allow, maxAge, conditions }: Description): readonly string[] {
  return [
    ...(allow ? [`Allowed: ${ruleWords(allow)}.`] : []),
    ...(maxAge === undefined ? [] : [`The caller authenticated at most ${maxAge} s ago.`]),
    ...(conditions.length > 0 ? [`Asked beside: ${conditions.map(({ name }) => name).join(', ')}.`] : []),
  ]
}

function pathParameters({ input }: RouteEntry, params: readonly PathParam[], schemas: Schemas): readonly object[] {
  const known = input?.params ? schemas.properties(input.params) : undefined
  return params.map(({ name, pattern, wildcard }) => ({
    name,
    in: 'path',
    required: true,
    schema: known?.find((one) => one.name === name)?.schema ?? (pattern === undefined ? TEXT : { ...TEXT, pattern }),
    ...(wildcard && { description: 'May hold slashes.' }),
  }))
}

function queryParameters({ input }: RouteEntry, schemas: Schemas): readonly object[] {
  if (!input?.query) return []
  const known = schemas.properties(input.query)
  // An object that is no plain list of properties: its members are the parameters (OpenAPI 3.1, style form, explode).
  if (!known) return [{ name: 'query', in: 'query', style: 'form', explode: true, schema: schemas.place(input.query) }]
  return known.map(({ name, schema, required }) => ({ name, in: 'query', ...(required && { required }), schema }))
}

const CHALLENGES = { 'WWW-Authenticate': { schema: TEXT, description: 'What is accepted, a challenge a line.' } }
const RETRY = { 'Retry-After': { schema: { type: 'integer' }, description: 'Seconds.' } }
const HEADERS: Readonly<Record<number, object>> = { 401: CHALLENGES, 429: RETRY, 503: RETRY }

/** The handler's own answer, and each status that a guard, a condition or a check of the input may refuse with. */
export function responsesOf(entry: RouteEntry, hasBody: boolean): Readonly<Record<string, object>> {
  const codes = new Set<Code>(entry.guards.flatMap(({ policy }) => refusalsOf(policy)))
  if (entry.input) codes.add('invalid_request')
  if (hasBody) codes.add('content_too_large').add('unsupported_media_type')
  const statuses = [...new Set([...codes].map((code) => STATUS[code]))].sort((one, other) => one - other)
  return {
    '2XX': { description: 'What the handler answers.' },
    ...Object.fromEntries(
      statuses.map((status) => {
        const those = [...codes].filter((code) => STATUS[code] === status).sort()
        return [
          `${status}`,
          {
            description: `Refused: ${those.join(', ')}.`,
            ...(HEADERS[status] && { headers: HEADERS[status] }),
            content: { 'application/problem+json': { schema: PROBLEM } },
          },
        ]
      }),
    ),
  }
}

/** The codes that a policy may refuse with: its conditions say theirs, the rest follows from what it asks. */
function refusalsOf({ mode, accept, allow, maxAge, conditions }: Description): readonly Code[] {
  const codes: Code[] = conditions.flatMap(({ refuses }) => refuses)
  if (!accept) return codes
  codes.push(...schemesIn(accept).flatMap(({ refuses = [] }) => refuses))
  codes.push('temporarily_unavailable')
  if (mode === 'required') codes.push('unauthenticated')
  if (mode !== 'attempt') {
    codes.push('invalid_request', ...schemesIn(accept).map(wrongCode))
    // A cookie that any site can make a browser send (CSRF).
    const isAmbient = schemesIn(accept).some(({ sources }) => sources.some((source) => source.startsWith('cookie:')))
    if (isAmbient) codes.push('access_denied')
  }
  if (maxAge !== undefined) codes.push('insufficient_user_authentication')
  if (allow) codes.push(...shortfalls(allow))
  return codes
}

/** What a wrong credential is called: a password has a word of its own. */
function wrongCode({ openapi }: SchemeDescription): Code {
  return openapi.scheme === 'basic' ? 'invalid_credentials' : 'invalid_token'
}

function shortfalls(rule: RuleDescription): readonly Code[] {
  if ('scope' in rule) return ['insufficient_scope']
  if ('role' in rule || 'test' in rule) return ['access_denied']
  return ('anyOf' in rule ? rule.anyOf : rule.allOf).flatMap(shortfalls)
}

type SchemeDescription = Extract<RequirementDescription, { readonly scheme: string }>

function schemesIn(accept: RequirementDescription): readonly SchemeDescription[] {
  if ('scheme' in accept) return [accept]
  return ('anyOf' in accept ? accept.anyOf : accept.allOf).flatMap(schemesIn)
}
