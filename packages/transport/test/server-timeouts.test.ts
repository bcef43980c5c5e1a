import { expect, test } from 'vitest'
import { serverTimeouts } from '../src/index.ts'

test('seconds become the milliseconds of node, which looks often enough for the shortest', () => {
  expect(serverTimeouts()).toEqual({
    headersTimeout: 10_000,
    handshakeTimeout: 10_000,
    requestTimeout: 30_000,
    keepAliveTimeout: 5000,
    connectionsCheckingInterval: 1000,
  })
  expect(serverTimeouts({ headers: 1, request: 2, keepAlive: 86_400 })).toEqual({
    headersTimeout: 1000,
    handshakeTimeout: 1000,
    requestTimeout: 2000,
    keepAliveTimeout: 86_400_000,
    connectionsCheckingInterval: 250,
  })
})

test.each([
  { headers: 0, says: '`headers` must be seconds' },
  { request: '30', says: '`request` must be seconds' },
  { headers: 60, says: '`headers` may not be longer' },
  { keepAlive: 86_401, says: 'more than 0 and at most 86400' },
  { headers: 10_000, says: '`headers` must be seconds, more than 0 and at most 600: 10 for ten seconds, not 10000' },
  { headers: 10_000, request: 30_000, says: '`headers` must be seconds' },
  { headers: 60, says: 'may not be longer than `request` (30 seconds)' },
  { header: 1, says: 'did you mean "headers"?' },
])('wrong options are refused: $says', ({ says, ...options }) => {
  expect(() => serverTimeouts(options as never)).toThrow(says)
})
