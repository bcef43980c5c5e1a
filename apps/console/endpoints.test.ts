// THREATS E01, over sockets: what the console says of a request is what the wire answers it, and holds none of its secrets.
import { hash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import {
  basic,
  bearer,
  JSON_TYPE,
  json,
  linesOf,
  type RunningHost,
  secretsOf,
  startHost,
  type WireResponse,
} from '@countersign/conformance'
import { HOSTS } from '@sample/hosts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

type Lines = readonly (readonly [name: string, value: string])[]
interface Told {
  readonly explanation: { readonly passed: boolean; readonly status?: number; readonly code?: string } & {
    readonly challenges: readonly string[]
  }
  readonly decision?: { readonly scheme: string; readonly principal: { readonly subject: string } }
}

const PAGE = readFileSync(new URL('../domain/console.html', import.meta.url))
const PATHS = ['/', '/console/routes', '/console/explain?route=GET%20/me']
const CANARIES = ['CANARY-password', 'CANARY-key', 'CANARY-token']
const SCOPES = 'posts:read posts:write posts:delete keys:manage'

/** Each kind of credential, made anew for each request: a logout ends the one before. */
const KINDS: Readonly<Record<string, (host: RunningHost) => Lines | Promise<Lines>>> = {
  none: () => [],
  token: (host) => [bearer(host.mint({ claims: { scope: SCOPES } }))],
  'a token of few scopes': (host) => [bearer(host.mint({ claims: { scope: 'posts:read' } }))],
  'a token of a login': async (host) => [bearer((await host.login('admintak01', 'pwdforapitest01')).access_token)],
  'a refresh token': async (host) => [bearer((await host.login('admintak01', 'pwdforapitest01')).refresh_token)],
  'a token that is expired': (host) => [bearer(host.mint({ claims: { exp: 1_700_000_000 } }))],
  'a token of one changed letter': (host) => [bearer(host.mint().replace(/\.([^.])([^.]*)$/, changed))],
  'a token unsigned': (host) => [bearer(host.mint({ header: { alg: 'none' }, sign: () => new Uint8Array() }))],
  'a token logged out': loggedOut,
  'no token': () => [bearer('CANARY-token')],
  'a token and a key': (host) => [bearer(host.mint()), ['X-API-Key', 'CANARY-key']],
  basic: () => [basic('admintak', 'pwdforapitest')],
  'basic, a wrong password': () => [basic('admintak', 'CANARY-password')],
  'basic, not base64': () => [['Authorization', 'Basic CANARY-password???']],
  key: (host) => [['X-API-Key', host.demoKey]],
  'a key that is unknown': () => [['apikey', 'CANARY-key']],
}

const pages = new Map<string, readonly WireResponse[]>()

const ENTRIES = Object.entries(KINDS)

describe.each(Object.entries(HOSTS))('the console of %s', (name, main) => {
  let host: RunningHost
  beforeAll(async () => {
    host = await startHost(main)
  })
  afterAll(() => host?.stop())

  test('is not there without DEMO=1', async () => {
    const plain = await startHost(main, { env: { DEMO: '' } })
    const asked = PATHS.flatMap((path) => [{ path }, { path, headers: [bearer('x')] }])
    const answers = await Promise.all(asked.map((each) => plain.send(each))).finally(() => plain.stop())
    for (const { status, headers } of answers) expect([status, JSON.stringify(headers)]).toEqual([404, NO_POLICY])
  })

  test('is the file, with a policy of contents that lets its own script and style run and nothing else', async () => {
    const answers = await Promise.all(PATHS.map((path) => host.send({ path })))
    pages.set(name, answers)
    const [page, routes] = answers as [WireResponse, WireResponse]
    expect(page.status).toBe(200)
    expect(page.body.equals(PAGE)).toBe(true)
    expect(Object.fromEntries(page.headers)).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    })
    const directives = linesOf(page, 'content-security-policy').join().split('; ')
    expect(directives).toEqual([
      "default-src 'none'",
      `script-src '${digest('script')}'`,
      `style-src '${digest('style')}'`,
      'img-src data:',
      "connect-src 'self'",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ])
    for (const answer of answers) expect(linesOf(answer, 'cache-control')).toEqual(['no-store'])
    expect(json<{ routes: [] }>(routes).routes.length).toBeGreaterThan(10)
  })

  test('a route that is unknown is 400', async () => {
    for (const query of ['', '?route=', '?route=GET%20/none', '?route=constructor'])
      expect(json(await host.send({ path: `/console/explain${query}` }))).toMatchObject({
        status: 400,
        code: 'invalid_request',
      })
  })

  test('E01: every route with every kind of credential: verdict and challenges are those of the wire, no secret', async () => {
    const { routes } = json<{ routes: readonly { method: string; path: string }[] }>(
      await host.send({ path: '/console/routes' }),
    )
    const seen = new Map<number | undefined, number>()
    const compare = async (method: string, path: string, [kind, make]: (typeof ENTRIES)[number]) => {
      const what = `${method} ${path} with ${kind}`
      const headers = await make(host)
      const query = new URLSearchParams({ route: `${method} ${path}` })
      const answer = await host.send({ path: `/console/explain?${query}`, headers })
      const { explanation, decision } = json<Told>(answer)
      const { passed, status, code, challenges } = explanation
      // No body: what a policy lets pass is answered for its body, or its path, and changes nothing.
      const wire = await host.send({ method, path: path.replace(':id', '999') + QUERY, headers })
      expect([answer.status, linesOf(answer, 'cache-control')], what).toEqual([200, ['no-store']])
      expect([linesOf(wire, 'www-authenticate'), passed], what).toEqual([challenges, status === undefined])
      if (passed) expect([401, 403], what).not.toContain(wire.status)
      else expect([wire.status, json(wire)], what).toEqual([status, expect.objectContaining({ code })])
      expect(passed || decision === undefined, what).toBe(true)
      for (const secret of secretsIn(headers)) expect(answer.body.includes(secret), `${what}: ${secret}`).toBe(false)
      seen.set(status, (seen.get(status) ?? 0) + 1)
    }
    for (const { method, path } of routes) {
      // What ends everything of a user would come between another kind's question and its answer.
      if (path === '/logout/everywhere') for (const entry of ENTRIES) await compare(method, path, entry)
      else await Promise.all(ENTRIES.map((entry) => compare(method, path, entry)))
    }
    expect([...seen.keys()].sort()).toEqual([400, 401, 403, undefined])
    expect([...seen.values()].reduce((sum, each) => sum + each)).toBe(routes.length * Object.keys(KINDS).length)
  }, 120_000)

  test('who is named is who the wire says', async () => {
    for (const make of [KINDS.key, KINDS.basic, KINDS['a token of a login']]) {
      const headers = (await make?.(host)) ?? []
      const { decision } = json<Told>(await host.send({ path: '/console/explain?route=GET%20/me', headers }))
      const { subject, scheme } = json<{ subject: string; scheme: string }>(await host.send({ path: '/me', headers }))
      expect([decision?.principal.subject, decision?.scheme]).toEqual([subject, scheme])
    }
  })
})

test('is the same bytes on every host, headers and all', () => {
  const plain = (answer: WireResponse) => ({
    ...answer,
    headers: answer.headers.filter(([field]) => !['date', 'connection', 'keep-alive'].includes(field)),
  })
  const [first, ...others] = [...pages.values()].map((answers) => answers.map(plain))
  expect(others.length).toBe(Object.keys(HOSTS).length - 1)
  for (const other of others) expect(other).toEqual(first)
})

const QUERY = '?param=x'
const NO_POLICY = expect.not.stringContaining('content-security-policy')

function digest(element: string): string {
  const text = PAGE.toString()
  const inside = text.slice(text.indexOf(`<${element}>`) + element.length + 2, text.indexOf(`</${element}>`))
  return `sha256-${hash('sha256', inside, 'base64')}`
}

function changed(_all: string, first: string, rest: string): string {
  return `.${first === 'A' ? 'B' : 'A'}${rest}`
}

async function loggedOut(host: RunningHost): Promise<Lines> {
  const headers = [bearer((await host.login('admintak', 'pwdforapitest')).access_token)]
  await host.send({ method: 'POST', path: '/logout', headers: [...headers, JSON_TYPE] })
  return headers
}

/** The credentials sent, whole and the part that makes a token good, and the canaries that never may be seen. */
function secretsIn(headers: Lines): readonly string[] {
  const carried = secretsOf({ path: '', headers })
  const signatures = carried.flatMap((each) => each.split('.')[2] || [])
  const typed = headers.flatMap(([, value]) =>
    value.startsWith('Basic ') ? (Buffer.from(value.slice(6), 'base64').toString().split(':')[1] ?? []) : [],
  )
  return [...carried, ...signatures, ...typed.filter((each) => each.length > 5), ...CANARIES]
}
