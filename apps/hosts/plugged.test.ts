import { strictEqual } from 'node:assert/strict'
import {
  bearer,
  conformance,
  exchange,
  identical,
  linesOf,
  type RunningHost,
  startHost,
  type Transcripts,
} from '@countersign/conformance'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { PLUGGED } from './hosts.ts'
import { pluggedCases } from './plugged-cases.ts'

const transcripts: Transcripts = new Map()
for (const [name, main] of Object.entries(PLUGGED))
  conformance(`plugged into ${name}`, () => startHost(main), transcripts, pluggedCases)
identical(transcripts, pluggedCases)

describe.each(Object.entries(PLUGGED))('in a server of its own on %s', (name, main) => {
  let host: RunningHost
  beforeAll(async () => {
    host = await startHost(main)
  })
  afterAll(() => host.stop())

  test('a refusal in the house format keeps status and challenge', async () => {
    const response = await exchange(host.port, { path: '/house', headers: [bearer('x')] })
    strictEqual(response.status, 401)
    strictEqual(response.body.toString(), '{"house":"invalid_token"}')
    expect(linesOf(response, 'www-authenticate')).toEqual(['Bearer realm="api", error="invalid_token"'])
  })

  test('a bug is logged, once, and a refusal is not', async () => {
    for (const path of ['/bug', '/me', '/nothing']) await exchange(host.port, { path })
    expect(host.output().match(/logged: /g)).toHaveLength(1)
    expect(host.output()).toContain('logged: canary-of-a-bug')
  })

  if (name === 'fastify') {
    test("Fastify's own schema option takes defineSchema values, and plain JSON Schema beside them", async () => {
      const send = (path: string, body: string) =>
        exchange(host.port, { method: 'POST', path, headers: [['Content-Type', 'application/json']], body })
      expect((await send('/schema', '{"sku":"x"}')).body.toString()).toBe('{"sku":"x"}')
      const refused = await send('/schema', '{"sku":1}')
      expect(JSON.parse(refused.body.toString())).toMatchObject({
        status: 400,
        code: 'invalid_request',
        errors: [{ pointer: '/sku' }],
      })
      expect((await send('/plain', '{"sku":"x"}')).status).toBe(200)
      expect(JSON.parse((await send('/plain', '{}')).body.toString())).toMatchObject({
        status: 400,
        code: 'invalid_request',
      })
    })
  } else {
    test('an error after the headers went out ends the connection, and answers nothing more', async () => {
      const response = await exchange(host.port, { path: '/late' })
      strictEqual(response.status, 200)
      expect(response.body.toString()).not.toContain('server_error')
    })
  }
})
