// F08: 1,000 redemptions of one authorization code at once, from several processes, on every store.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { ENGINES } from '../../store/test/engines.ts'
import { openStore } from '../../store/test/open.ts'
import { codeFor, post, running } from './flow.ts'

const PROCESSES = 4
const TIMES = 250
const ISSUER = 'http://127.0.0.1:1'
const children = new Set<ChildProcess>()
afterEach(() => {
  for (const child of children) child.kill('SIGKILL')
  children.clear()
})

async function worker(address: string): Promise<ChildProcess> {
  const child = fork(new URL('redeem-worker.ts', import.meta.url), [address, ISSUER, `${TIMES}`], { execArgv: [] })
  children.add(child)
  await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(([code]) => {
      throw new Error(`a worker ended with ${code} before it began`)
    }),
  ])
  return child
}

for (const engine of ENGINES)
  describe.skipIf(!engine.isThere)(`a code on ${engine.name}`, { timeout: 120_000 }, () => {
    afterAll(() => engine.clean())

    test(`${PROCESSES * TIMES} redemptions by ${PROCESSES} processes: exactly one gets tokens`, async () => {
      const address = await engine.fresh()
      const store = openStore(address, { timeout: 60_000 })
      const at = await running({ store }, { issuer: ISSUER })
      const { verifier, code, redirect_uri, client_id } = await codeFor(at)
      const workers = await Promise.all(Array.from({ length: PROCESSES }, () => worker(address)))
      const answers = workers.map((child) => once(child, 'message') as Promise<[string[]]>)
      for (const child of workers) child.send({ verifier, code, redirect_uri, client_id })
      const all = (await Promise.all(answers)).flatMap(([given]) => given)
      expect(all).toHaveLength(PROCESSES * TIMES)
      const tokens = all.filter((one) => one.includes('.'))
      expect(tokens).toHaveLength(1)
      // A database that has too much to do may say so (503); whoever is answered is refused.
      const others = new Set(all.filter((one) => !one.includes('.')))
      others.delete('503 temporarily_unavailable')
      expect(others).toEqual(new Set(['400 invalid_grant']))
      // And it is dead, with all that came of it: someone else had the code too.
      await expect
        .poll(() => at.own.verify(tokens[0] as string), { timeout: 5000 })
        .toMatchObject({ reason: 'token.revoked' })
      const again = await post(`${at.url}/oauth/token`, {
        grant_type: 'authorization_code',
        code,
        code_verifier: verifier,
        redirect_uri,
        client_id,
      })
      expect(again.body.error).toBe('invalid_grant')
      for (const child of workers) child.disconnect()
      await at.stop()
    })
  })
