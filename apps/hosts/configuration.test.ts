// What a host says that cannot start as it was told to: one line that names the variable, and no secret.
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { exchange, startHost } from '@countersign/conformance'
import { readSettings } from '@sample/domain'
import { afterAll, describe, expect, test } from 'vitest'
import { HOSTS } from './hosts.ts'

/** Of this process: nothing that a host is configured with. */
const { PATH, NODE_COMPILE_CACHE } = process.env
const INHERITED = { PATH, ...(NODE_COMPILE_CACHE !== undefined && { NODE_COMPILE_CACHE }) }

const folder = mkdtempSync(join(tmpdir(), 'countersign-configuration-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const written = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}
const started = (main: string, env: Readonly<Record<string, string>>) =>
  spawnSync(process.execPath, [main], {
    env: { ...INHERITED, PORT: '0', STORE: 'memory:', DB: 'memory:', NODE_NO_WARNINGS: '1', ...env },
    encoding: 'utf8',
    timeout: 10_000,
  })

describe.each(Object.entries(HOSTS))('%s', (_name, main) => {
  test('a password in STORE is not shown', () => {
    const { status, stdout, stderr } = started(main, { STORE: 'redis://u:CANARY/PW@127.0.0.1:6379' })
    expect([status, stdout]).toEqual([1, ''])
    expect(stderr).toMatch(/^cannot start: STORE must be [^\n]*\n$/)
    expect(stderr).not.toMatch(/CANARY|PW/)
  })
})

function messageOf(wrong: () => unknown): string {
  try {
    wrong()
  } catch (error) {
    if (error instanceof TypeError) return error.message
  }
  return 'no TypeError'
}

describe('what cannot be', () => {
  test.each<[string, Readonly<Record<string, string>>]>([
    ['STORE', { STORE: 'redis://u:CANARY#PW@127.0.0.1:6379' }],
    ['STORE', { STORE: 'redis://u:CANARYPW@127.0.0.1:99999' }],
    ['STORE', { STORE: 'mysql://u:CANARYPW@h/x' }],
    ['STORE', { STORE: 'Postgres://u:CANARYPW@h/x' }],
    ['DB', { DB: 'postgres://u:CANARY@PW@h/x' }],
    ['PORT', { PORT: '0x10' }],
    ['PORT', { PORT: '65536' }],
    ['REFRESH_TTL', { REFRESH_TTL: '1e3' }],
    ['ACCESS_TTL', { ACCESS_TTL: '-5' }],
  ])('%s: %o', (name, env) => {
    const said = messageOf(() => readSettings(env))
    expect(said).toMatch(new RegExp(`^${name} must be `))
    expect(said).not.toMatch(/CANARY|PW/)
  })

  test.each<[string, Readonly<Record<string, string>>]>([
    ['KEYS', { KEYS: written('cut.json', '{"keys":[{"x":"AAAA","d":CANARYPW') }],
    ['KEYS', { KEYS: written('key.pem', '-----BEGIN PRIVATE KEY-----\nCANARYPW\n') }],
    ['KEYS', { KEYS: folder }],
    ['AUDIT_KEY', { AUDIT: join(folder, 'none.log'), AUDIT_KEY: join(folder, 'none') }],
  ])('%s: %o', (name, env) => {
    const { status, stdout, stderr } = started(HOSTS.node as string, env)
    expect([status, stdout]).toEqual([1, ''])
    expect(stderr).toMatch(new RegExp(`^cannot start: ${name}[^\\n]*\\n$`))
    expect(stderr).not.toMatch(/CANARY|PW/)
  })
})

test('an ISSUER that is no URL is told: there is no authorization server then', async () => {
  const env = { ...INHERITED, PORT: '0', STORE: 'memory:', DB: 'memory:', ISSUER: 'not a url' }
  const child = spawn(process.execPath, [HOSTS.node as string], { env: { ...env, NODE_NO_WARNINGS: '1' } })
  let said = ''
  child.stderr.on('data', (chunk) => (said += chunk))
  await once(child.stdout, 'data') // it listens
  child.kill()
  await once(child, 'close')
  expect(said).toMatch(/^ISSUER is no https URL: .*no \/oauth\n$/)
})

test('the file of users is for its owner alone, wherever the security state is', async () => {
  const users = join(folder, 'deep', 'users.db')
  const host = await startHost(HOSTS.node as string, { env: { DB: `sqlite:${users}`, STORE: 'memory:' } })
  await host.stop()
  expect(statSync(users).mode & 0o077).toBe(0)
})

test('AUDIT_KEY: the log of a host is one that `countersign audit verify` answers for', async () => {
  mkdirSync(join(folder, 'log'))
  const [log, key] = [join(folder, 'log', 'audit.log'), written('audit.key', `${'k'.repeat(40)}\n`)]
  const host = await startHost(HOSTS.node as string, { env: { AUDIT: log, AUDIT_KEY: key } })
  await host.login('admintak', 'pwdforapitest')
  await host.stop()
  const main = fileURLToPath(new URL('../../packages/countersign/src/main.ts', import.meta.url))
  const verify = (file: string) => spawnSync(process.execPath, [main, 'audit', 'verify', file, '-k', key, '--closed'])
  expect(verify(log).status).toBe(0)
  execFileSync('sed', ['-i', 's/usr_admintak/usr_nobody00/', log])
  expect(verify(log).status).toBe(1)
})

test('CONNECT gets an answer', async () => {
  const host = await startHost(HOSTS.node as string, {})
  const answer = await exchange(host.port, { method: 'CONNECT', path: 'a:443' })
  await host.stop()
  expect(answer.status).toBe(400)
  expect(JSON.parse(`${answer.body}`)).toMatchObject({ code: 'invalid_request' })
})
