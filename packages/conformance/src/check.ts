import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict'
import type { Expectation } from './case.ts'
import { linesOf, type WireRequest, type WireResponse } from './wire.ts'

/** What holds for every answer of every host, whatever the case expects of it. Throws with the cause. */
export function checkInvariants(request: WireRequest, response: WireResponse, expected: Expectation): void {
  const { status } = response
  if (expected.foreign) return
  ok(status < 500 || status === expected.status, `a client's input got ${status}`)
  for (const name of ['etag', 'x-powered-by', 'server'])
    strictEqual(linesOf(response, name).length, 0, `an answer must not carry ${name}`)
  if (status >= 400) {
    deepStrictEqual(
      linesOf(response, 'content-type'),
      ['application/problem+json'],
      'a failure must be problem details (RFC 9457 section 3)',
    )
    deepStrictEqual(linesOf(response, 'cache-control'), ['no-store'], 'a refusal must not be cached')
    if (request.method !== 'HEAD') checkProblem(response)
  }
  if (status === 401)
    ok(linesOf(response, 'www-authenticate').length > 0, 'a 401 must carry a challenge (RFC 9110 section 15.5.2)')
  const answer = `${response.headers.flat().join('\n')}\n${response.body}`
  for (const secret of secretsOf(request)) ok(!answer.includes(secret), 'an answer must not echo a credential')
}

function checkProblem({ status, body }: WireResponse): void {
  const problem = JSON.parse(body.toString())
  for (const member of ['type', 'title', 'detail', 'code'])
    strictEqual(typeof problem[member], 'string', `problem details must have "${member}"`)
  strictEqual(problem.status, status, 'problem details must repeat the status')
  strictEqual(problem.type, 'about:blank', 'type is about:blank unless a base URL is configured')
}

/** The credentials of a request, where they are long enough not to occur by chance. */
export function secretsOf({ headers = [], body }: WireRequest): readonly string[] {
  const carried = headers.flatMap(([name, value]) => {
    const field = name.toLowerCase()
    if (field === 'authorization') return value.split(' ').slice(1)
    return field === 'x-api-key' || field === 'apikey' ? [value] : []
  })
  const typed =
    typeof body === 'string'
      ? [...body.matchAll(/"(?:password|refresh_token)":\s*"([^"]+)"/g)].map(([, secret]) => secret as string)
      : []
  return [...carried, ...typed].filter((secret) => secret.length >= 8)
}

/** Throws unless the answer is what the case expects. */
export function checkExpectation(response: WireResponse, expected: Expectation): void {
  const shown = `${response.status} ${response.body.toString().slice(0, 300)}`
  strictEqual(response.status, expected.status, `expected status ${expected.status}, got ${shown}`)
  if (expected.code !== undefined)
    strictEqual(
      JSON.parse(response.body.toString()).code,
      expected.code,
      `expected code ${expected.code}, got ${shown}`,
    )
  strictEqual(
    response.continued,
    expected.continued ?? false,
    'a body must be asked for when it is read, and not before',
  )
  if (expected.challenges)
    deepStrictEqual(linesOf(response, 'www-authenticate'), expected.challenges, 'the challenges differ')
  for (const [name, value] of Object.entries(expected.headers ?? {})) {
    deepStrictEqual(linesOf(response, name), value === null ? [] : [value], `the header ${name} differs`)
  }
  if (expected.json !== undefined)
    deepStrictEqual(JSON.parse(response.body.toString()), expected.json, 'the body differs')
  expected.also?.(response)
}
