import { expect, it } from 'vitest'
import { hashPassword, passwordLogin } from './index.ts'

// THREATS B08 in small: the strict bound (300 of each, 2 %) is measured over sockets, on a quiet machine.
const TRIES = 40
const BOUND = 0.25

it('an unknown user takes as long as a wrong password (medians of interleaved tries)', async () => {
  const passwordHash = await hashPassword('right')
  const login = passwordLogin({ find: (name) => (name === 'ada' ? { subject: 'ada', passwordHash } : undefined) })
  const took: Record<string, number[]> = { ada: [], nobody: [] }
  for (let i = 0; i < TRIES + 5; i++) {
    for (const username of i % 2 ? ['ada', 'nobody'] : ['nobody', 'ada']) {
      const started = performance.now()
      await login.verify({ username, password: `wrong ${i}` })
      if (i >= 5) took[username]?.push(performance.now() - started)
    }
  }
  const [known, unknown] = [median(took.ada ?? []), median(took.nobody ?? [])]
  console.info(`B08 in small: known ${known.toFixed(2)} ms, unknown ${unknown.toFixed(2)} ms`)
  expect(Math.abs(known - unknown) / known).toBeLessThan(BOUND)
})

function median(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[times.length >> 1] ?? Number.NaN
}
