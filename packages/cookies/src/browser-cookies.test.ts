import { randomBytes } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { problems as expressProblems, protect as expressProtect } from '@countersign/express'
import { problems as fastifyProblems, protect as fastifyProtect } from '@countersign/fastify'
import { isRefused } from '@countersign/http'
import { bearer, policy } from '@countersign/policy'
import { memoryStore } from '@countersign/store'
import { localIssuer } from '@countersign/tokens'
import express from 'express'
import Fastify from 'fastify'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { browserCookies } from './index.ts'

const ORIGIN = 'https://app.acme.com'
const secret = randomBytes(32)
const own = localIssuer({ issuer: ORIGIN, audience: ORIGIN, store: memoryStore() })
const cookies = browserCookies({ origin: ORIGIN, secret })
const signedIn = policy({ accept: bearer(own, { cookie: cookies }) })

const ports: Record<string, number> = {}
const close: (() => unknown)[] = []
beforeAll(async () => {
  const app = express()
  app.all('/me', expressProtect(signedIn), (_request, response) => void response.json({}))
  app.use(expressProblems())
  const server = app.listen(0, '127.0.0.1')
  const fastify = Fastify()
  fastify.register(fastifyProblems)
  fastify.all('/me', { onRequest: fastifyProtect(signedIn) }, async () => ({}))
  await fastify.listen({ port: 0, host: '127.0.0.1' })
  ports.express = (server.address() as AddressInfo).port
  ports.fastify = (fastify.server.address() as AddressInfo).port
  close.push(
    () => server.close(),
    () => fastify.close(),
  )
})
afterAll(() => Promise.all(close.map((end) => end())))

interface Jar {
  readonly [name: string]: string
}
const jarOf = (lines: readonly string[]): Jar =>
  Object.fromEntries(lines.map((line) => (line.split(';', 1)[0] as string).split('=') as [string, string]))
const login = async () => jarOf(cookies.set(await own.issue({ subject: 'ada' })))
const cookieLine = (jar: Jar) =>
  Object.entries(jar)
    .map(([name, value]) => `${name}=${value}`)
    .join('; ')

describe.each(['express', 'fastify'])('on %s', (host) => {
  const ask = async (method: string, headers: Record<string, string>) => {
    const response = await fetch(`http://127.0.0.1:${ports[host]}/me`, { method, headers })
    const { code } = (await response.json().catch(() => ({}))) as { readonly code?: string }
    return code === undefined ? response.status : `${response.status} ${code}`
  }

  test('a read needs the cookie alone; a write needs the page’s word, of this session', async () => {
    const jar = await login()
    const cookie = cookieLine(jar)
    const good = { cookie, 'x-csrf-token': jar['__Host-csrf'] as string }
    expect(await ask('GET', { cookie })).toBe(200)
    expect(await ask('POST', good)).toBe(200)
    expect(await ask('POST', { ...good, origin: ORIGIN, 'sec-fetch-site': 'same-origin' })).toBe(200)
    const other = await login()
    const [signature] = (other['__Host-csrf'] as string).split('.')
    const session = (jar['__Host-csrf'] as string).split('.')[1]
    for (const [what, headers] of Object.entries({
      'no token': { cookie },
      'a token that the cookie does not say': {
        cookie: cookieLine({ ...jar, '__Host-csrf': other['__Host-csrf'] as string }),
        'x-csrf-token': jar['__Host-csrf'] as string,
      },
      'another token than the cookie’s': { ...good, 'x-csrf-token': other['__Host-csrf'] as string },
      'cookie and header of another session': {
        cookie: cookieLine({ ...jar, '__Host-csrf': other['__Host-csrf'] as string }),
        'x-csrf-token': other['__Host-csrf'] as string,
      },
      'another’s signature over this session': {
        cookie: cookieLine({ ...jar, '__Host-csrf': `${signature}.${session}` }),
        'x-csrf-token': `${signature}.${session}`,
      },
      'another origin': { ...good, origin: 'https://evil.test' },
      'an origin of which ours is the beginning': { ...good, origin: `${ORIGIN}.evil.test` },
      'no origin to be told': { ...good, origin: 'null' },
      'another site': { ...good, 'sec-fetch-site': 'cross-site' },
      'another origin of this site': { ...good, 'sec-fetch-site': 'same-site' },
      'nobody’s site': { ...good, 'sec-fetch-site': 'none' },
    }))
      for (const method of ['POST', 'PUT', 'PATCH', 'DELETE'])
        expect(await ask(method, headers), `${method} with ${what}`).toBe('403 access_denied')
  })

  test('a token that is wrong is 401, whatever else the request says; a header is not asked for a page’s word', async () => {
    const jar = await login()
    expect(await ask('POST', { cookie: '__Host-token=x.y.z' })).toBe('401 invalid_token')
    const authorization = `Bearer ${jar['__Host-token']}`
    expect(await ask('POST', { authorization, origin: 'https://evil.test' })).toBe(200)
  })
})

describe('the refresh token', () => {
  const request = (...lines: readonly string[]) => ({
    method: 'POST',
    url: '/refresh',
    headers: {},
    rawHeaders: lines,
    socket: {},
  })
  const taken = (...lines: readonly string[]) => {
    try {
      return cookies.refreshToken(request(...lines))
    } catch (thrown) {
      return isRefused(thrown) ? `${thrown.refusal.status} ${thrown.error.reason}` : thrown
    }
  }

  test('is given for a page of one’s own; not for another site, not without the page’s word', async () => {
    const jar = await login()
    const csrf = jar['__Host-csrf'] as string
    const cookie = ['cookie', cookieLine(jar)] as const
    expect(taken(...cookie, 'x-csrf-token', csrf)).toBe((jar['__Host-refresh'] as string).slice(0, 64))
    const other = await login()
    const mixed = cookieLine({ ...jar, '__Host-csrf': other['__Host-csrf'] as string })
    expect(taken('cookie', mixed, 'x-csrf-token', other['__Host-csrf'] as string)).toBe('403 csrf.token')
    expect(taken(...cookie)).toBe('403 csrf.token')
    expect(taken(...cookie, 'x-csrf-token', csrf, 'x-csrf-token', csrf)).toBe('403 csrf.token')
    expect(taken(...cookie, 'x-csrf-token', csrf, 'sec-fetch-site', 'cross-site')).toBe('403 csrf.site')
    expect(taken(...cookie, 'x-csrf-token', csrf, 'origin', ORIGIN, 'origin', 'https://evil.test')).toBe(
      '403 csrf.origin',
    )
    expect(taken('cookie', `__Host-csrf=${csrf}`, 'x-csrf-token', csrf)).toBe('400 refresh.absent')
    const twice = `${cookieLine(jar)}; __Host-refresh=other`
    expect(taken('cookie', twice, 'x-csrf-token', csrf)).toBe('400 cookie.repeated')
  })
})

test('what is set: host-only, secure, lax; the refresh token for as long as it is good; nothing of it in the third', async () => {
  const [token, refresh, csrf] = cookies.set(await own.issue({ subject: 'ada' })) as [string, string, string]
  expect(token).toMatch(/^__Host-token=[^;]+; Max-Age=300; Path=\/; HttpOnly; Secure; SameSite=Lax$/)
  expect(refresh).toMatch(
    /^__Host-refresh=[^;]{64}\.[^;]{43}; Max-Age=1209600; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
  )
  expect(csrf).toMatch(/^__Host-csrf=[^;]+; Max-Age=1209600; Path=\/; Secure; SameSite=Lax$/)
  expect(cookies.clear()).toEqual(
    ['__Host-token', '__Host-refresh', '__Host-csrf'].map((name) =>
      expect.stringMatching(new RegExp(`^${name}=; Max-Age=0; Path=/; `)),
    ),
  )
})

test('a token that browsers would drop without a word is an error here', async () => {
  const large = await own.issue({ subject: 'ada' }, { claims: { much: 'x'.repeat(4000) } })
  expect(() => cookies.set(large)).toThrow(/__Host-token would have \d+ bytes, and browsers drop/)
})

test.each([
  [{ origin: 'app.acme.com', secret }, 'origin must be'],
  [{ origin: `${ORIGIN}/`, secret }, 'origin must be'],
  [{ origin: [], secret }, 'origin must be'],
  [{ origin: 'http://app.acme.com', secret }, 'origin must be'],
  [{ origin: ORIGIN, secret: 'short' }, 'secret must be at least 32'],
  [{ origin: ORIGIN, secret, keep: 0 }, 'keep must be'],
  [{ origin: ORIGIN, secret, sameSite: 'none' }, 'has no option "sameSite"'],
])('wrong options: %j', (options, message) => {
  expect(() => browserCookies(options as never)).toThrow(message)
})

test('tokens that say no session need it named; what was not awaited is told', async () => {
  const opaque = { access_token: 'a.b.c.d.e', expires_in: 300 }
  expect(() => cookies.set(opaque)).toThrow('names no session')
  expect(cookies.set(opaque, { session: 's' })).toHaveLength(2)
  expect(() => cookies.set(own.issue({ subject: 'ada' }) as never)).toThrow('await them')
})

test('a guard that is none is a TypeError where the policy is made', () => {
  for (const cookie of [{}, { name: 'a' }, { name: '', check() {} }, 5])
    expect(() => bearer(own, { cookie: cookie as never })).toThrow('option "cookie" must be')
})
