// The examples of README.md, run.
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Unavailable } from './index.ts'

// What README.md shows begins here.

import { createServer, type Server } from 'node:http'
import {
  type Answer,
  answerClientError,
  authError,
  BODY_LIMIT,
  errorOf,
  isAuthError,
  json,
  parseJson,
  problem,
  Refused,
  type RequestView,
  readBody,
} from '@countersign/http'

const SOLD_OUT = authError('conflict', 'order.sold-out', { detail: 'This is sold out.' })
const soldOut = new Set<unknown>(['a-1']) // a table, elsewhere

async function placeOrder(request: RequestView): Promise<Answer> {
  const bytes = await readBody(request, { types: ['application/json'], limit: BODY_LIMIT })
  if (isAuthError(bytes)) return problem(bytes) // 415, 413 or 400, in this order
  const order = parseJson(bytes)
  if (isAuthError(order)) return problem(order) // 400
  if (soldOut.has(order.value)) throw new Refused(SOLD_OUT)
  return json(201, { placed: order.value })
}

const server: Server = createServer(async (request, response) => {
  const answer = await placeOrder(request).catch((thrown: unknown) => problem(errorOf(thrown)))
  response.writeHead(answer.status, answer.headers).end(answer.body)
})
server.on('clientError', answerClientError)

soldOut.has = (value) => {
  if (value === 'down') throw new Unavailable('the warehouse')
  if (value === 'bug') throw new Error('SECRET')
  return value === 'a-1'
}

let url: string
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
})
afterAll(() => void server.close())

test.each([
  ['application/json', '{"sku":"a"}', 201, { placed: { sku: 'a' } }],
  ['application/json', '"a-1"', 409, { code: 'conflict', detail: 'This is sold out.', status: 409 }],
  ['application/json', '"down"', 503, { code: 'temporarily_unavailable' }],
  ['application/json', '"bug"', 500, { code: 'server_error', detail: 'Something went wrong here.' }],
  ['application/json', '{"a":1,"a":2}', 400, { code: 'invalid_request' }],
  ['application/json', JSON.stringify('x'.repeat(BODY_LIMIT)), 413, { code: 'content_too_large' }],
  ['text/plain', '{}', 415, { code: 'unsupported_media_type' }],
])('%s: %.20s is %i', async (type, body, status, expected) => {
  const response = await fetch(url, { method: 'POST', body, headers: { 'content-type': type } })
  expect(response.status).toBe(status)
  expect(await response.json()).toMatchObject(expected)
})
