import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { runSnippet } from './snippet.ts'

const MAIN = fileURLToPath(new URL('../../packages/countersign/src/main.ts', import.meta.url))

test('audit-log: who did what is on record, the log is closed with the server, and verifies', async () => {
  const home = mkdtempSync(join(tmpdir(), 'countersign-snippet-'))
  const AUDIT = join(home, 'audit.log')
  const AUDIT_KEY = 'k'.repeat(44)
  writeFileSync(join(home, 'key'), AUDIT_KEY)
  const app = await runSnippet('audit-log.ts', { AUDIT, AUDIT_KEY, TOKEN: 'CANARY' })
  try {
    const ask = (path: string, token: string, method = 'GET') =>
      fetch(app.url + path, { method, headers: { authorization: `Bearer ${token}` } })
    expect((await ask('/orders?x=CANARY', 'CANARY')).status).toBe(200)
    expect((await ask('/orders', 'CANARY-wrong')).status).toBe(401)
    expect((await ask('/users', 'CANARY', 'POST')).status).toBe(201)
  } finally {
    app.stop()
  }
  const text = () => readFileSync(AUDIT, 'utf8')
  for (let tries = 0; !text().includes('audit.closed'); tries++) {
    expect(tries, text()).toBeLessThan(200)
    await sleep(20)
  }
  const events = text()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(events.map(({ event }) => event)).toEqual([
    'sys_monitor_enabled',
    'authz_allowed',
    'authn_login_fail',
    'authz_allowed',
    'user_created',
    'sys_monitor_disabled',
  ])
  expect(events[4]).toMatchObject({ subject: 'ada', object: 'user 7', request_uri: '/users' })
  expect(text()).not.toContain('CANARY')
  const verify = () =>
    promisify(execFile)(process.execPath, [
      MAIN,
      'audit',
      'verify',
      AUDIT,
      '-k',
      join(home, 'key'),
      '--whole',
      '--closed',
    ])
  expect((await verify()).stdout).toContain('✓ 6 lines')
  writeFileSync(AUDIT, text().replace('user 7', 'user 8'))
  await expect(verify()).rejects.toMatchObject({ code: 1, stdout: expect.stringContaining('audit.log:5  edited') })
  rmSync(home, { recursive: true })
})
