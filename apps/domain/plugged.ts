import { authError, isAuthError, json, problem, readBody, Unavailable } from '@countersign/http'
import { bearer, type Endpoint, policy, type Scheme } from '@countersign/policy'
import { defineSchema } from '@countersign/schema'

const explode = (): never => {
  throw new Error('canary-of-a-bug')
}

/** Tokens that say what their verifier does: right, right later, down, buggy. */
const caller = policy({
  name: 'plugged',
  accept: bearer(({ token }) => {
    if (token === 'good') return { subject: 'ada' }
    if (token === 'later') return Promise.resolve({ subject: 'ada' })
    if (token === 'wrong-later') return Promise.resolve(undefined)
    if (token === 'down') throw new Unavailable('the token store', { retryAfter: 7 })
    if (token === 'down-later') return Promise.reject(new Unavailable('the token store', { retryAfter: 7 }))
    if (token === 'bug') throw new Error('canary-of-a-bug')
    if (token === 'bug-later') return Promise.reject(new Error('canary-of-a-bug'))
    return authError('invalid_token', 'token.unknown')
  }),
})

/** A scheme of one's own, whose answers carry a header when it passes. */
const ticket: Scheme<'ticket', { readonly subject: string }> = {
  kind: 'scheme',
  of: [],
  name: 'ticket',
  sources: ['header:x-ticket'],
  openapi: { type: 'apiKey', in: 'header', name: 'X-Ticket' },
  read: (request) =>
    ('rawHeaders' in request ? request : request.raw).headers['x-ticket'] ? { from: 'header' } : undefined,
  verify: () => ({ subject: 'holder' }),
  answerHeaders: () => ({ 'x-next-ticket': 'n-1' }),
  challenge: () => ({ scheme: 'Ticket', params: { realm: 'api' } }),
}

const endpoints: readonly Endpoint[] = [
  { method: 'GET', path: '/keys', handle: () => json(200, { keys: [] }) },
  {
    method: '*',
    path: '/any/*',
    async handle(request) {
      const bytes = await readBody(request, { types: ['application/json'], limit: 1000 })
      return isAuthError(bytes) ? problem(bytes) : json(200, { bytes: bytes.length })
    },
  },
]

/** Whether a call is refused where it is made, with a TypeError, that says what to write instead. */
export async function refuses(make: () => unknown, says = ''): Promise<boolean> {
  try {
    await make()
    return false
  } catch (error) {
    return error instanceof TypeError && error.message.includes(says)
  }
}

/** What the other framework gives, with a good credential: its request, and its word that the request may go on. */
const message = { method: 'GET', url: '/', headers: {}, rawHeaders: ['Authorization', 'Bearer good'], socket: {} }
export const given = {
  express: [message, {}, () => {}],
  fastify: [{ raw: message, query: {} }, {}, () => {}],
} as const

/** What the two servers that "existed before" share. */
export const plugged = {
  caller,
  nonce: policy({ name: 'ticket', accept: ticket }),
  endpoints,
  NewOrder: defineSchema({
    type: 'object',
    properties: { sku: { type: 'string' }, count: { type: 'integer' } },
    required: ['sku'],
    additionalProperties: false,
  }),
  /** Any object. */
  Anything: defineSchema({ type: 'object' }),
  Page: defineSchema({ type: 'object', properties: { limit: { type: 'integer', minimum: 1 } } }),
  /** A validator with a bug. */
  Exploding: { schema: {}, validate: explode, validateText: explode },
  Id: defineSchema({ type: 'object', properties: { id: { type: 'integer' } }, required: ['id'] }),
}
