// F07: a refresh token that comes too late.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Fault, must } from './fault.ts'
import { host } from './hosts.ts'
import { asBearer, ask, until } from './load.ts'

const FAMILY = 'tokens/src/refresh-family.ts'
const ISSUER = 'tokens/src/local-issuer.ts'
/** The node host that prints every event. */
const TELLING = fileURLToPath(new URL('../node/explained.ts', import.meta.url))

export const reuse: Fault = {
  id: 'F07',
  on: 'node, two processes, SQLite',
  done: 'a refresh token is used again two generations later, on another process',
  holds:
    '`invalid_grant`; the newest token is dead too; access tokens of the session are 401 on both within 2 s; the event is told',
  guards: [
    {
      what: 'a reuse ends the family',
      changes: [
        {
          file: FAMILY,
          find: 'const ended = await table.replace(row, changed(row, { ...family, over: true }, row.expiresAt))',
          replace: 'const ended = true',
        },
      ],
      bites: 'the newest refresh token got 200',
    },
    {
      what: 'a reuse ends the access tokens',
      changes: [{ file: ISSUER, find: 'if (reused) await sessions.revokeTokens(reused.sid)', replace: '' }],
      bites: 'the access token still passes',
    },
    {
      what: 'a reuse is told',
      changes: [{ file: ISSUER, find: 'tellReuse(() =>', replace: 'void (() =>' }],
      bites: 'no event',
    },
  ],
  async run(changes, scope) {
    const folder = mkdtempSync(join(tmpdir(), 'countersign-faults-'))
    scope.defer(() => rmSync(folder, { recursive: true, force: true }))
    const env = { STORE: `sqlite:${join(folder, 'sample.db')}` }
    const one = await host(TELLING, changes, env, scope)
    const other = await host(TELLING, changes, env, scope)
    const { access_token, refresh_token } = await one.login('admintak', 'pwdforapitest')
    const refresh = (port: number, token: string | undefined) =>
      ask(port, { name: 'refresh', path: '/refresh', method: 'POST', body: JSON.stringify({ refresh_token: token }) })
    const second = JSON.parse((await refresh(one.port, refresh_token)).body)
    const third = JSON.parse((await refresh(other.port, second.refresh_token)).body)
    const late = await refresh(other.port, refresh_token)
    must(late.status === 400 && late.body.includes('invalid_grant'), `the old token got ${late.status}`)
    const newest = await refresh(one.port, third.refresh_token)
    must(newest.status === 400, `the newest refresh token got ${newest.status}`)
    const begun = performance.now()
    for (const { port } of [one, other])
      for (const token of [access_token, third.access_token]) {
        const me = () => ask(port, { name: 'me', path: '/me', headers: asBearer(token) })
        must(await until(async () => (await me()).status === 401, 2_000), 'the access token still passes after 2 s')
      }
    const took = performance.now() - begun
    const told = () => /^event refresh-reuse .*/m.exec(other.output())?.[0]
    must(await until(() => told() !== undefined, 500), 'no event of the reuse')
    return `400, and 400 for the newest; 401 on both after ${Math.round(took)} ms; ${told()?.slice(0, 19)} told once`
  },
}
