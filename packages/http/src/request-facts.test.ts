import { describe, expect, test } from 'vitest'
import { errorName, type RequestView, requestFacts } from './index.ts'

const TRACE = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
const request = (rawHeaders: readonly string[] = [], more: object = {}): RequestView => ({
  headers: {},
  rawHeaders,
  method: 'GET',
  url: '/a?secret=CANARY',
  socket: { remoteAddress: '192.0.2.1' },
  ...more,
})

describe('the facts of a request', () => {
  test('are its method, its path without the query, and the other end of the socket', () => {
    expect(requestFacts(request())).toEqual({ method: 'GET', path: '/a', ip: '192.0.2.1' })
  })
  test('take the framework at its word: its address and its id', () => {
    const facts = requestFacts(request(['X-Request-Id', 'theirs'], { ip: '198.51.100.1', id: 7 }))
    expect(facts).toMatchObject({ ip: '198.51.100.1', requestId: '7', clientRequestId: 'theirs' })
  })
  test('name an id once, where both call it the same', () => {
    expect(requestFacts(request(['X-Request-Id', 'a-1'], { id: 'a-1' }))).toEqual({
      method: 'GET',
      path: '/a',
      ip: '192.0.2.1',
      requestId: 'a-1',
    })
  })
  test.each([
    ['too long', 'x'.repeat(65)],
    ['two lines', 'a\nb'],
    ['odd', 'a b'],
  ])('leave out an id that is %s', (_what, id) => {
    expect(requestFacts(request(['X-Request-Id', id]))).not.toHaveProperty('clientRequestId')
  })
  test('hold a trace, where one stands there and is well formed (W3C Trace Context section 3.2)', () => {
    expect(requestFacts(request(['traceparent', TRACE])).trace).toEqual({
      traceId: '0af7651916cd43dd8448eb211c80319c',
      spanId: 'b7ad6b7169203331',
    })
  })
  test.each([
    ['twice', ['traceparent', TRACE, 'Traceparent', TRACE]],
    ['of zeros', ['traceparent', `00-${'0'.repeat(32)}-b7ad6b7169203331-01`]],
    ['with a span of zeros', ['traceparent', `00-0af7651916cd43dd8448eb211c80319c-${'0'.repeat(16)}-01`]],
    ['in upper case', ['traceparent', TRACE.toUpperCase()]],
    ['of version ff', ['traceparent', TRACE.replace(/^00/, 'ff')]],
    ['that goes on, in version 00', ['traceparent', `${TRACE}-more`]],
  ])('hold no trace that stands there %s', (_how, headers) => {
    expect(requestFacts(request(headers))).not.toHaveProperty('trace')
  })
  test('a path can break no line, and is cut', () => {
    expect(requestFacts(request([], { url: '/a\u2028b' })).path).toBe('/a%E2%80%A8b')
    expect(requestFacts(request([], { url: `/${'a'.repeat(500)}` })).path).toHaveLength(200)
  })
})

test.each([
  [Object.assign(new Error('row CANARY'), { code: '23505' }), '23505'],
  [new TypeError('CANARY'), 'TypeError'],
  [Object.assign(new Error('x'), { code: 'CANARY with spaces' }), 'Error'],
  ['CANARY', 'string'],
])('the name of an error says nothing of its message: %#', (error, name) => {
  expect(errorName(error)).toBe(name)
})
