// F06: refreshes of one token at once, from several processes, on every store.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { memoryStore } from '@countersign/store'
import { localIssuer } from '@countersign/tokens'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { ENGINES } from '../../store/test/engines.ts'
import { openStore } from '../../store/test/open.ts'
import { AUDIENCE, ISSUER } from './mint.ts'

const PROCESSES = 4
const ROUNDS = 1_000
/** By each process, in each round. */
const TIMES = 2

const running = new Set<ChildProcess>()
afterEach(() => {
  for (const child of running) child.kill('SIGKILL')
  running.clear()
})

async function begin(address: string): Promise<ChildProcess> {
  const child = fork(new URL('race-worker.ts', import.meta.url), [address, `${TIMES}`], { execArgv: [] })
  running.add(child)
  await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(([code]) => {
      throw new Error(`a worker ended with ${code} before it began`)
    }),
  ])
  return child
}

/** What each worker was given for the token. Rejects when one of them ended over it. */
async function atOnce(workers: readonly ChildProcess[], token: string): Promise<readonly string[]> {
  const answers = workers.map(
    (child) =>
      new Promise<string[]>((resolve, reject) => {
        const ended = (code: number) => reject(new Error(`a worker ended with ${code}`))
        child.once('exit', ended)
        child.once('message', (given) => {
          child.off('exit', ended)
          resolve(given as string[])
        })
      }),
  )
  for (const child of workers) child.send(token)
  return (await Promise.all(answers)).flat()
}

for (const engine of ENGINES) {
  describe.skipIf(!engine.isThere)(`a refresh token on ${engine.name}`, { timeout: 120_000 }, () => {
    afterAll(() => engine.clean())

    // The successor of one round is what all refresh in the next: it was the only one, and it was live.
    test(`${ROUNDS} rounds of ${PROCESSES * TIMES} refreshes by ${PROCESSES} processes: one live successor in each`, async () => {
      const address = await engine.fresh()
      const store = openStore(address, { timeout: 10_000 })
      const issuer = localIssuer({ issuer: ISSUER, audience: AUDIENCE, store, refresh: { grace: 60 } })
      let token = (await issuer.issue({ subject: 'anna' })).refresh_token as string
      const workers = await Promise.all(Array.from({ length: PROCESSES }, () => begin(address)))
      for (let round = 0; round < ROUNDS; round++) {
        const given = await atOnce(workers, token)
        expect(given).toHaveLength(PROCESSES * TIMES)
        expect(new Set(given).size, `successors in round ${round}`).toBe(1)
        expect(given[0]).not.toBe(token)
        token = given[0] as string
      }
      expect((await issuer.refresh(token)).refresh_token).not.toBe(token)
      for (const child of workers) child.disconnect()
      await store.close()
    })
  })
}

test(`a refresh token on a memory store: ${ROUNDS} rounds of 20 at once, in one process`, async () => {
  const issuer = localIssuer({ issuer: ISSUER, audience: AUDIENCE, store: memoryStore(), refresh: { grace: 60 } })
  let token = (await issuer.issue({ subject: 'anna' })).refresh_token as string
  for (let round = 0; round < ROUNDS; round++) {
    const answers = await Promise.all(Array.from({ length: 20 }, () => issuer.refresh(token)))
    const given = new Set(answers.map(({ refresh_token }) => refresh_token))
    expect(given.size, `successors in round ${round}`).toBe(1)
    token = [...given][0] as string
  }
})
