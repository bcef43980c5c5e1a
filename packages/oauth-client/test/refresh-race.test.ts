// Tokens that have run out, asked for in several processes at once: one request to the provider.
import { type ChildProcess, fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { browser } from './browser.ts'
import { APP, realProvider } from './real-provider.ts'

const PROCESSES = 4
const ROUNDS = 25
/** Of each process, in each round. */
const REQUESTS = 6

const running: ChildProcess[] = []
const folder = mkdtempSync(join(tmpdir(), 'countersign-sessions-'))
afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

test(`${ROUNDS} rounds of ${PROCESSES * REQUESTS} requests in ${PROCESSES} processes on SQLite: one refresh each`, {
  timeout: 60_000,
}, async () => {
  const idp = await realProvider()
  const secret = randomBytes(32).toString('base64url')
  const workers = await Promise.all(
    Array.from({ length: PROCESSES }, async () => {
      const child = fork(
        new URL('race-worker.ts', import.meta.url),
        [join(folder, 'sessions.db'), idp.issuer, secret],
        { execArgv: [] },
      )
      running.push(child)
      const [port] = await once(child, 'message')
      return { child, port: port as number }
    }),
  )
  const first = browser({ [APP]: workers[0]?.port as number })
  await first.open(`${APP}/login`)
  let token = JSON.parse((await first.ask(`${APP}/tokens`)).text).accessToken as string
  for (let round = 1; round <= ROUNDS; round++) {
    await Promise.all(
      workers.map(async ({ child }) => {
        child.send(61)
        await once(child, 'message')
      }),
    )
    const pages = await Promise.all(
      workers.flatMap(({ port }) =>
        Array.from({ length: REQUESTS }, () => browser({ [APP]: port }, first.jar).ask(`${APP}/tokens`)),
      ),
    )
    expect(pages.map(({ status }) => status)).toEqual(pages.map(() => 200))
    const shown = new Set(pages.map(({ text }) => JSON.parse(text).accessToken as string))
    expect(shown.size, `tokens in round ${round}`).toBe(1)
    expect(shown.has(token)).toBe(false)
    token = [...shown][0] as string
    expect(idp.grants.filter((one) => one === 'refresh_token')).toHaveLength(round)
  }
  for (const { child } of workers) child.disconnect()
  await Promise.all(workers.map(({ child }) => once(child, 'exit')))
  await idp.close()
})
