// Three servers that existed before: what their owners had is there as it was, and what got in no longer does.
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { startHost } from '@countersign/conformance'
import { attacksOn, sendAttack, serveAttackerKeys } from '@countersign/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const file = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url))
/** As a browser's page asks; who signs in, and which object is someone else's. */
const SERVERS = [
  {
    name: 'existing-express',
    main: 'existing-express/server.js',
    login: { email: 'alice@example.com', password: 'alice-password' },
    token: 'token',
    orders: '/api/orders',
    others: '/api/orders/o-1003',
    origin: 'http://localhost:5173',
  },
  {
    name: 'existing-express5',
    main: 'existing-express5/src/server.js',
    login: { email: 'alice@example.com', password: 'alice-password' },
    token: 'token',
    orders: '/api/orders',
    others: '/api/orders/o-1003',
    origin: 'http://localhost:5173',
  },
  {
    name: 'existing-fastify',
    main: 'existing-fastify/src/server.ts',
    login: { username: 'carla', password: 'carla123' },
    token: 'accessToken',
    orders: '/orders',
    others: undefined,
    origin: 'http://localhost:4200',
  },
] as const

describe.each(SERVERS)('$name', ({ main, login, token: member, orders, others, origin }) => {
  let host: Awaited<ReturnType<typeof startHost>>
  let url: string
  let token: string
  beforeAll(async () => {
    host = await startHost(file(main), {
      listening: /listening (?:on|at) http:\/\/127\.0\.0\.1:(\d+)/,
      env: { JWT_SECRET: 'a secret of more than 32 bytes, for this test', HOST: '127.0.0.1' },
    })
    url = `http://127.0.0.1:${host.port}`
    const headers = { 'content-type': 'application/json' }
    const answer = await fetch(`${url}/login`, { method: 'POST', headers, body: JSON.stringify(login) })
    token = ((await answer.json()) as Record<string, string>)[member] ?? ''
    expect(answer.status).toBe(200)
  })
  afterAll(() => host?.stop())

  test('a preflight is not asked for a credential', async () => {
    const headers = {
      origin,
      'access-control-request-method': 'GET',
      'access-control-request-headers': 'authorization',
    }
    const answer = await fetch(url + orders, { method: 'OPTIONS', headers })
    expect(answer.status).toBe(204)
    expect(answer.headers.get('access-control-allow-origin')).toBe(origin)
    expect(answer.headers.get('access-control-allow-headers')?.toLowerCase()).toContain('authorization')
  })

  test('a 401 has the house format, the CORS headers and a challenge, and is not stored', async () => {
    const answer = await fetch(url + orders, { headers: { origin } })
    const body = (await answer.json()) as { error?: { code: string }; code?: string; requestId?: string }
    expect(answer.status).toBe(401)
    expect(answer.headers.get('access-control-allow-origin')).toBe(origin)
    expect(answer.headers.get('access-control-allow-credentials')).toBe('true')
    expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="api"')
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8')
    expect(body.error?.code ?? body.code).toMatch(/^UNAUTH/)
  })

  test('a guard on a whole part of the server: an unknown path in it is refused too, a public one is not', async () => {
    expect((await fetch(`${url}/health`)).status).toBe(200)
    expect((await fetch(`${url + orders}/nothing`)).status).toBe(401)
  })

  test("a token that was issued before is good, and the handlers' user is who it was", async () => {
    const answer = await fetch(url + orders, { headers: { authorization: `Bearer ${token}` } })
    expect(answer.status).toBe(200)
    expect(JSON.stringify(await answer.json())).toContain(others ? 'o-1001' : 'id')
  })

  test('no attack with that token gets in', async () => {
    const attacker = await serveAttackerKeys()
    const more = { keyServer: attacker.url, ...(others && { others: [others] }) }
    const { control, attacks } = await attacksOn({ url: orders, token, ...more })
    for (const attack of [control, ...attacks])
      expect(attack.fault(await sendAttack(url, attack)), attack.name).toBeUndefined()
    await attacker.close()
  })
})

test('the diffs in docs/plug-in are how the servers became what they are, of 12 lines at most, and drawn', () => {
  execFileSync(process.execPath, [file('../.ci/plug-in.ts'), '--check'], { stdio: ['ignore', 'pipe', 'pipe'] })
})
