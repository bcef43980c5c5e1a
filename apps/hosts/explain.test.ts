import { fileURLToPath } from 'node:url'
import { CASES, type RunningHost, runCase, secretsOf, startHost } from '@countersign/conformance'
import { afterAll, beforeAll, expect, test } from 'vitest'

const EXPLAINED = fileURLToPath(new URL('../node/explained.ts', import.meta.url))
/** Shorter ones occur by chance; the demo names are public. */
const LONG = 12

let host: RunningHost
const secrets = new Set<string>()
beforeAll(async () => {
  host = await startHost(EXPLAINED, {
    env: { NODE_DEBUG: 'countersign' },
  })
  for (const one of CASES)
    await runCase(one, host, (request) => secretsOf(request).forEach((secret) => void secrets.add(secret)))
}, 60_000)
afterAll(() => host?.stop())

test('E01: what explain says is what check does, in every request of every case', () => {
  const lines = host.output().split('\n')
  expect(lines.filter((line) => line.startsWith('MISMATCH'))).toEqual([])
  const explained = lines.filter((line) => line.startsWith('explained'))
  expect(explained.length).toBeGreaterThan(300)
  for (const status of [undefined, 400, 401, 403]) {
    const wanted = status === undefined ? '"passed":true' : `"status":${status}`
    expect(
      explained.some((line) => line.includes(wanted)),
      `no request was explained with ${status ?? 'a pass'}`,
    ).toBe(true)
  }
})

test('E01: no secret in an explanation, an event or a debug line', () => {
  const output = host.output().replace(/^demo api key: .*$/m, '')
  for (const kind of [
    'explained {',
    'event unauthenticated {',
    'event authenticated {',
    'event forbidden {',
    'event revoked {',
    'COUNTERSIGN ',
  ]) {
    expect(output, `the run shows no "${kind}"`).toContain(kind)
  }
  const canaries = [...secrets].filter((secret) => secret.length >= LONG)
  expect(canaries.length).toBeGreaterThan(100)
  const leaked = canaries.filter(
    (secret) =>
      output.includes(secret) ||
      ((secret.split('.')[2]?.length ?? 0) > LONG && output.includes(secret.split('.')[2] as string)),
  )
  expect(leaked).toEqual([])
})
