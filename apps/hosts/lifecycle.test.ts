import { spawn, spawnSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  bearer,
  exchange,
  JSON_TYPE,
  json,
  linesOf,
  type RunningHost,
  startHost,
  type WireResponse,
} from '@countersign/conformance'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { HOSTS } from './hosts.ts'

/** Of this process: nothing that a host is configured with. */
const { PATH, NODE_COMPILE_CACHE } = process.env
const INHERITED = { PATH, ...(NODE_COMPILE_CACHE !== undefined && { NODE_COMPILE_CACHE }) }

interface Tokens {
  readonly access_token: string
  readonly refresh_token: string
}
const tokensOf = (response: WireResponse) => json<Tokens>(response)
const post = (path: string, value: unknown) => ({
  method: 'POST',
  path,
  headers: [JSON_TYPE],
  body: JSON.stringify(value),
})
const me = (token: string) => ({ path: '/me', headers: [bearer(token)] })

describe.each(Object.entries(HOSTS))('%s over its life', (_name, main) => {
  let folder: string
  let hosts: RunningHost[]
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'countersign-life-'))
    hosts = []
  })
  afterEach(async () => {
    for (const host of hosts) await host.stop()
    rmSync(folder, { recursive: true, force: true })
  })
  const start = async (env: Readonly<Record<string, string>> = {}) => {
    const host = await startHost(main, {
      env: { STORE: `sqlite:${join(folder, 'new', 'sample.db')}`, DB: '', KEYS: '', ...env },
    })
    hosts.push(host)
    return host
  }

  test('what was issued and revoked outlives a restart; the demo key does not', async () => {
    const first = await start()
    const tokens = await first.login('admintak', 'pwdforapitest')
    const ended = await first.login('admintak', 'pwdforapitest')
    expect((await first.send({ method: 'POST', path: '/logout', headers: [bearer(ended.access_token)] })).status).toBe(
      204,
    )
    const published = (await first.send({ path: '/.well-known/jwks.json' })).body.toString()
    expect(await first.stop()).toBe(0)

    const second = await start()
    expect((await second.send(me(tokens.access_token))).status).toBe(200)
    expect((await second.send(me(ended.access_token))).status).toBe(401)
    expect((await second.send(post('/refresh', { refresh_token: tokens.refresh_token }))).status).toBe(200)
    expect(json(await second.send(post('/refresh', { refresh_token: ended.refresh_token })))).toMatchObject({
      code: 'invalid_grant',
    })
    expect((await second.send({ path: '/.well-known/jwks.json' })).body.toString()).toBe(published)
    expect((await second.send({ path: '/me', headers: [['X-API-Key', first.demoKey]] })).status).toBe(401)
    expect((await second.send({ path: '/me', headers: [['X-API-Key', second.demoKey]] })).status).toBe(200)
    expect(statSync(join(folder, 'new', 'sample.db')).mode & 0o077).toBe(0)
  })

  test('a revocation on one process is refused on another that shares its file', async () => {
    const [one, other] = [await start(), await start()]
    const { access_token } = await one.login('admintak', 'pwdforapitest')
    expect((await other.send(me(access_token))).status).toBe(200)
    await one.send({ method: 'POST', path: '/logout', headers: [bearer(access_token)] })
    await sleep(2100) // the bound that is promised
    expect((await other.send(me(access_token))).status).toBe(401)
  })

  test('without DEMO nothing is seeded and nothing is printed but the address', async () => {
    const host = await start({ DEMO: '' })
    expect(host.output()).toMatch(/^listening on http:\/\/127\.0\.0\.1:\d+\n$/)
    expect((await host.send(post('/login', { username: 'admintak', password: 'pwdforapitest' }))).status).toBe(401)
  })

  test('SIGTERM: what is under way ends, and the process with 0', async () => {
    const host = await start()
    const answers = Promise.all(
      Array.from({ length: 8 }, () =>
        exchange(host.port, {
          ...post('/login', { username: 'admintak', password: 'pwdforapitest' }),
          headers: [JSON_TYPE, ['Connection', 'keep-alive']],
        }).catch((error: Error) => error),
      ),
    )
    await sleep(8) // the logins are being hashed
    expect(await host.stop()).toBe(0)
    for (const answer of await answers) expect(answer).toMatchObject({ status: 200 })
  })

  test('the grace of a refresh token is what it is told: none', async () => {
    const host = await start({ REFRESH_GRACE: '0', STORE: 'memory:', DB: 'memory:' })
    const { refresh_token } = await host.login('admintak', 'pwdforapitest')
    const next = tokensOf(await host.send(post('/refresh', { refresh_token })))
    expect((await host.send(post('/refresh', { refresh_token }))).status).toBe(400)
    expect((await host.send(post('/refresh', { refresh_token: next.refresh_token }))).status).toBe(400)
  })

  test('issuer, audience and lifetimes are what it is told', async () => {
    const host = await start({
      STORE: 'memory:',
      DB: 'memory:',
      ISSUER: 'https://i.test',
      AUDIENCE: 'https://a.test',
      ACCESS_TTL: '7',
      REFRESH_TTL: '1',
    })
    const { access_token, refresh_token } = await host.login('admintak', 'pwdforapitest')
    const { iss, aud, iat, exp } = JSON.parse(Buffer.from(access_token.split('.')[1] ?? '', 'base64url').toString())
    expect({ iss, aud, lifetime: exp - iat }).toEqual({ iss: 'https://i.test', aud: 'https://a.test', lifetime: 7 })
    await sleep(1500)
    expect(json(await host.send(post('/refresh', { refresh_token })))).toMatchObject({ code: 'invalid_grant' })
  })

  test('a weak key in KEYS is refused at start, with the reason', () => {
    const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey.export({ format: 'jwk' })
    const file = join(folder, 'keys.json')
    for (const [text, reason] of [
      [JSON.stringify({ keys: [weak] }), /modulus has 1024 bits, and 2048 is the least/],
      ['not JSON', /JSON/],
      ['{"keys":[]}', /at least one private key/],
    ] as const) {
      writeFileSync(file, text)
      const env = { ...INHERITED, PORT: '0', STORE: 'memory:', DB: 'memory:', KEYS: file }
      const { status, stderr } = spawnSync(process.execPath, [main], { env, encoding: 'utf8' })
      expect([status, stderr]).toEqual([1, expect.stringMatching(reason)])
    }
  })

  test('a start that fails leaves the demo key of the one that runs alone', async () => {
    const host = await start()
    const store = `sqlite:${join(folder, 'new', 'sample.db')}`
    const env = { ...INHERITED, PORT: `${host.port}`, STORE: store, DEMO: '1' }
    expect(spawnSync(process.execPath, [main], { env, encoding: 'utf8' }).status).toBe(1)
    expect((await host.send({ path: '/me', headers: [['X-API-Key', host.demoKey]] })).status).toBe(200)
  })

  test('a port that is taken is said in one line', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => taken.once('listening', resolve))
    const { port } = taken.address() as { port: number }
    const child = spawn(process.execPath, [main], {
      env: { ...INHERITED, PORT: `${port}`, STORE: 'memory:', DB: 'memory:', NODE_NO_WARNINGS: '1' },
    })
    let said = ''
    child.stderr.on('data', (chunk) => (said += chunk))
    const code = await new Promise((resolve) => child.once('exit', resolve))
    taken.close()
    expect(code).toBe(1)
    expect(said).toMatch(/^cannot listen on port \d+: .*EADDRINUSE.*\n$/)
  })

  test('403 and 401 carry no more than they should: the header names of a refusal are these', async () => {
    const host = await start({ STORE: 'memory:', DB: 'memory:' })
    const response = await host.send({ path: '/me' })
    const names = [...new Set(response.headers.map(([name]) => name))].sort()
    expect(names).toEqual(['cache-control', 'connection', 'content-length', 'content-type', 'date', 'www-authenticate'])
    expect(linesOf(response, 'www-authenticate')).toHaveLength(3)
  })
})
