import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { KeyPlan } from '@countersign/tokens'
import { afterAll, expect, test } from 'vitest'

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url))
const FOLDER = fileURLToPath(new URL('../test', import.meta.url))
const home = mkdtempSync(join(tmpdir(), 'countersign-keys-'))
afterAll(() => rmSync(home, { recursive: true }))

function run(file: string, ...args: readonly string[]) {
  return new Promise<{ readonly code: number; readonly out: string; readonly err: string }>((resolve) => {
    const env = { ...process.env, NO_COLOR: '1', AUTH_DB: join(home, file) }
    execFile(process.execPath, [MAIN, 'keys', ...args], { cwd: FOLDER, env, timeout: 20_000 }, (error, out, err) =>
      resolve({ code: error ? (error.code as number) : 0, out, err }),
    )
  })
}
const ISSUER = ['--issuer', './auth.ts#own'] as const
const plan = async (...args: Parameters<typeof run>) => JSON.parse((await run(...args)).out) as KeyPlan

test('list, a dry run with its timeline, a rotation, a retirement: each as a process of its own on one store', async () => {
  expect(await run('a.db', 'list', ...ISSUER)).toMatchObject({
    code: 2,
    err: expect.stringContaining('no key is kept'),
  })
  const { keys } = await plan('a.db', 'rotate', '--json', ...ISSUER)
  expect(keys.map(({ state }) => state)).toEqual(['active', 'next'])
  const listed = await run('a.db', 'list', ...ISSUER)
  expect(listed).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^keys\n {2}active {4}\S{43} {2}EdDSA {2}signs from 20/),
  })
  const dry = await run('a.db', 'rotate', '--dry-run', ...ISSUER)
  expect(dry.out).toContain('Nothing is changed.')
  expect(dry.out).toMatch(/timeline[\s\S]*signs[\s\S]*gone/)
  expect(await run('a.db', 'list', ...ISSUER)).toEqual(listed)

  const [active, next] = keys
  const retired = await run('a.db', 'retire', active?.kid as string, ...ISSUER)
  expect(retired.out).toContain(`Tokens that ${active?.kid} signed are refused from now on`)
  const { out } = await run('a.db', 'list', ...ISSUER)
  expect(out).toContain(`active    ${next?.kid}`)
  expect(out).not.toContain(active?.kid)
})

test('nothing secret is printed or kept in the clear', async () => {
  const { out, err } = await run('b.db', 'rotate', '--json', ...ISSUER)
  const kept = readFileSync(join(home, 'b.db'), 'latin1') + readFileSync(join(home, 'b.db'), 'utf16le')
  for (const text of [out, err, kept]) expect(text).not.toMatch(/"d":/)
})

test('a question that is wrong is answered in words', async () => {
  const wrong = async (...args: readonly string[]) => {
    const { code, out, err } = await run('c.db', ...args)
    expect({ code, out }).toEqual({ code: 2, out: '' })
    return err
  }
  expect(await wrong('retire', 'nobody', ...ISSUER)).toContain(
    'there is no key nobody; list() names those that there are',
  )
  expect(await wrong('list', '--issuer', './policies.ts')).toContain(
    'exports no issuer: export the value that localIssuer() returns',
  )
  expect(await wrong('rotate')).toContain("required option '-i, --issuer <module#name>' not specified")
})

test('of several processes that rotate at once, one key comes', async () => {
  await Promise.all(Array.from({ length: 4 }, () => run('d.db', 'rotate', ...ISSUER)))
  const { out } = await run('d.db', 'list', ...ISSUER)
  expect([out.match(/active/g)?.length, out.match(/next/g)?.length]).toEqual([1, 1])
})
