import {
  conformance,
  exchange,
  identical,
  type RunningHost,
  startHost,
  type Transcripts,
} from '@countersign/conformance'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { PLUGGED } from './hosts.ts'
import { expressCases, fastifyCases, pluggedCases } from './plugged-cases.ts'

const transcripts: Transcripts = new Map()
for (const [name, main] of Object.entries(PLUGGED)) {
  const cases = [...pluggedCases, ...(name === 'fastify' ? fastifyCases : expressCases)]
  conformance(`plugged into ${name}`, () => startHost(main), transcripts, cases)
}
identical(transcripts, pluggedCases)

describe('in a server of its own on express', () => {
  let host: RunningHost
  beforeAll(async () => {
    host = await startHost(PLUGGED.express ?? PLUGGED['express 4'] ?? '')
  })
  afterAll(() => host?.stop())

  test('an error after the headers went out ends the connection, and answers nothing more', async () => {
    const response = await exchange(host.port, { path: '/late' })
    expect(response.status).toBe(200)
    expect(response.body.toString()).not.toContain('server_error')
  })
})
