import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import {
  authError,
  type Code,
  empty,
  errorOf,
  isAuthError,
  isRefused,
  isUnavailable,
  json,
  problem,
  Refused,
  STATUS,
  Unavailable,
  unavailableError,
} from './index.ts'

const text = (body: Uint8Array) => new TextDecoder().decode(body)
const CODES = Object.keys(STATUS) as Code[]

test.each(CODES)('%s: problem details with its status, code and a detail (RFC 9457 section 3)', (code) => {
  const refusal = problem(authError(code, 'test.reason', { expected: 'EXPECTED', got: 'GOT' }))
  const body = JSON.parse(text(refusal.body))
  expect(refusal.status).toBe(STATUS[code])
  expect(body).toEqual({
    type: 'about:blank',
    title: expect.stringMatching(/^[A-Z]/),
    status: STATUS[code],
    detail: expect.stringMatching(/^[\x20-\x7e]+\.$/),
    code,
  })
  expect(refusal.headers).toEqual({
    'content-type': 'application/problem+json',
    'content-length': `${refusal.body.length}`,
    'cache-control': 'no-store',
  })
})

test('reason, expected and got never reach the wire', () => {
  const refusal = problem(authError('invalid_token', 'REASON', { expected: 'EXPECTED', got: 'GOT' }), ['Bearer'])
  expect(JSON.stringify(refusal.headers) + text(refusal.body)).not.toMatch(/REASON|EXPECTED|GOT/)
})

test('an issue shows its pointer and its detail, and nothing else that hangs on it', () => {
  const issue = { pointer: '/a', detail: 'must be a number', value: 'SECRET' }
  const body = text(problem(authError('invalid_request', 'x', { issues: [issue] })).body)
  expect(JSON.parse(body).errors).toEqual([{ pointer: '/a', detail: 'must be a number' }])
  expect(body).not.toContain('SECRET')
})

test('challenges are lines in their order, one a string (RFC 9110 section 11.6.1)', () => {
  const error = authError('unauthenticated', 'x')
  expect(problem(error, ['A', 'B']).headers['www-authenticate']).toEqual(['A', 'B'])
  expect(problem(error, ['A']).headers['www-authenticate']).toBe('A')
  expect(problem(error).headers).not.toHaveProperty('www-authenticate')
})

test('headers of the error are on the answer', () => {
  const error = authError('method_not_allowed', 'x', { headers: { allow: 'GET, HEAD' } })
  expect(problem(error).headers.allow).toBe('GET, HEAD')
})

test('errors and refusals are frozen values', () => {
  const error = authError('invalid_token', 'x')
  const refusal = problem(error)
  for (const value of [error, refusal, refusal.headers, STATUS]) expect(Object.isFrozen(value)).toBe(true)
  expect(error).not.toBeInstanceOf(Error)
  expect(isAuthError(error) && !isAuthError(refusal) && !isAuthError(null) && !isAuthError('x')).toBe(true)
})

test('json and empty are bytes with their length', () => {
  const answer = json(201, { name: '€' }, { location: '/1' })
  expect(answer.headers).toEqual({ 'content-type': 'application/json', 'content-length': '14', location: '/1' })
  expect(answer.body.length).toBe(14)
  expect(empty(204)).toEqual({ status: 204, headers: {}, body: new Uint8Array(0) })
})

test('Refused carries status, headers and body for a house error handler, and captures no stack', () => {
  const refused = new Refused(authError('insufficient_scope', 'scope.missing'))
  expect(refused).toMatchObject({
    name: 'Refused',
    code: 'insufficient_scope',
    status: 403,
    statusCode: 403,
    expose: true,
  })
  expect(refused.message).toBe('The credential does not allow this.')
  expect(refused.headers['content-type']).toBe('application/problem+json')
  expect(JSON.parse(text(refused.body)).code).toBe('insufficient_scope')
  expect(refused.stack ?? '').not.toMatch(/\n\s+at /)
  expect(new Error('later').stack).toMatch(/\n\s+at /) // the limit is as it was
  expect(isRefused(refused) && !isRefused(new Error('x')) && !isRefused(undefined)).toBe(true)
})

test('Refused keeps the refusal it was made of', () => {
  const refusal = problem(authError('unauthenticated', 'x'), ['Bearer realm="api"'])
  const refused = new Refused(refusal)
  expect(refused.refusal).toBe(refusal)
  expect(refused.headers['www-authenticate']).toBe('Bearer realm="api"')
})

test('a Refused that is logged shows its code and message, not its bytes, headers or private reason', () => {
  const refused = new Refused(authError('invalid_token', 'PRIVATE', { got: 'GOT', headers: { 'x-secret': 'HEADER' } }))
  for (const shown of [JSON.stringify(refused), inspect(refused, { depth: 9 }), `${refused}`]) {
    expect(shown).not.toMatch(/PRIVATE|GOT|HEADER|body|Uint8Array|about:blank/)
  }
  expect(JSON.parse(JSON.stringify(refused))).toMatchObject({ code: 'invalid_token', status: 401 })
})

test('Unavailable is 503 with Retry-After and says nothing of its cause to the client', () => {
  const down = new Unavailable('the key store', { retryAfter: 7, cause: new Error('postgres://user:SECRET@db') })
  expect(down.message).toBe('the key store does not answer')
  expect(isUnavailable(down) && !isUnavailable(new Error('x')) && !isUnavailable(null)).toBe(true)
  const refusal = problem(unavailableError(down))
  expect(refusal).toMatchObject({ status: 503, headers: { 'retry-after': '7' } })
  expect(text(refusal.body)).not.toMatch(/SECRET|key store/)
  expect(unavailableError(new Unavailable('x')).headers).toEqual({ 'retry-after': '1' })
})

const conflict = authError('conflict', 'mine')
test.each([
  [new Refused(conflict), 'conflict', 'mine'],
  [{ '~refused': true, error: conflict }, 'conflict', 'mine'], // another copy of this package
  [new Unavailable('x'), 'temporarily_unavailable', 'unavailable'],
  [{ '~unavailable': true, retryAfter: 1, message: 'x' }, 'temporarily_unavailable', 'unavailable'],
  [Object.assign(new Error('x'), { status: 404, expose: true }), 'not_found', 'framework.404'],
  [
    Object.assign(new Error('x'), { statusCode: 413, code: 'FST_ERR_CTP_BODY_TOO_LARGE' }),
    'content_too_large',
    'framework.413',
  ],
  [Object.assign(new URIError('x'), { status: 400 }), 'invalid_request', 'framework.400'],
  [{ status: 'no number', statusCode: 415, expose: true }, 'unsupported_media_type', 'framework.415'],
  [{ status: 418, expose: true }, 'invalid_request', 'framework.400'],
  // an answer of an upstream, thrown by a client of it: not the fault of whoever called us
  [Object.assign(new Error('SECRET'), { status: 401 }), 'server_error', 'bug'],
  [Object.assign(new Error('SECRET'), { statusCode: 403, code: 'ERR_BAD_REQUEST' }), 'server_error', 'bug'],
  [{ status: 200 }, 'server_error', 'bug'],
  [{ status: 500 }, 'server_error', 'bug'],
  [{ status: 503 }, 'server_error', 'bug'],
  [new Error('SECRET'), 'server_error', 'bug'],
  [undefined, 'server_error', 'bug'],
  [null, 'server_error', 'bug'],
  ['SECRET', 'server_error', 'bug'],
])('errorOf(%o) is %s', (thrown, code, reason) => {
  const error = errorOf(thrown)
  expect(error).toMatchObject({ code, reason })
  expect(text(problem(error).body)).not.toContain('SECRET')
})
