import { execFileSync } from 'node:child_process'
import diagnostics from 'node:diagnostics_channel'
import { fileURLToPath } from 'node:url'
import { Unavailable } from '@countersign/http'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { basicLine, bearerLine, keyLine, type Line, request } from '../test/request.ts'
import { anyOf, apiKey, basic, bearer, policy } from './index.ts'

const PATH = '/posts?token=CANARY-query'
const token = bearer(({ token: text }) => {
  if (text === 'down') throw new Unavailable('the key source')
  return text === 'CANARY-good'
    ? { subject: 'ada', scopes: ['a'], credential: { id: 'jti-1', session: 'sid-1' } }
    : undefined
})
const accept = anyOf(
  token,
  apiKey(() => undefined),
  basic(() => undefined),
)
const read = policy({ name: 'read', accept, scopes: ['a'] })
const admin = policy({ name: 'admin', accept, allow: { role: 'admin' } })

const heard: Record<string, unknown>[] = []
const listen = (event: unknown) => void heard.push(event as Record<string, unknown>)
const names = ['authenticated', 'unauthenticated', 'forbidden', 'unavailable'].map((name) => `countersign:${name}`)
function subscribe() {
  for (const name of names) diagnostics.subscribe(name, listen)
}
afterEach(() => {
  for (const name of names) diagnostics.unsubscribe(name, listen)
  heard.length = 0
  vi.restoreAllMocks()
})
const at = (url: string, ...lines: readonly Line[]) => ({ ...request(...lines), url, ip: '::1' })

describe('what is published', () => {
  const common = { at: expect.any(Number), method: 'GET', path: '/posts', ip: '::1' }
  test.each([
    [
      'authenticated',
      read,
      [bearerLine('CANARY-good')],
      { policy: 'read', scheme: 'bearer', subject: 'ada', credential: { id: 'jti-1', session: 'sid-1' } },
    ],
    ['unauthenticated', read, [], { policy: 'read', code: 'unauthenticated', reason: 'credential.absent' }],
    [
      'unauthenticated',
      read,
      [bearerLine('CANARY-bad')],
      { policy: 'read', scheme: 'bearer', code: 'invalid_token', reason: 'credential.wrong' },
    ],
    [
      'unauthenticated',
      read,
      [bearerLine('CANARY bad')],
      { policy: 'read', scheme: 'bearer', code: 'invalid_request', reason: 'bearer.grammar' },
    ],
    [
      'unauthenticated',
      read,
      [keyLine('CANARY-key')],
      { policy: 'read', scheme: 'apiKey', code: 'invalid_token', reason: 'credential.wrong' },
    ],
    [
      'unauthenticated',
      read,
      [basicLine('ada', 'CANARY-pw')],
      { policy: 'read', scheme: 'basic', code: 'invalid_credentials', reason: 'basic.wrong' },
    ],
    [
      'forbidden',
      admin,
      [bearerLine('CANARY-good')],
      {
        policy: 'admin',
        scheme: 'bearer',
        subject: 'ada',
        credential: { id: 'jti-1', session: 'sid-1' },
        code: 'access_denied',
        reason: 'rule.refused',
      },
    ],
    [
      'unavailable',
      read,
      [bearerLine('down')],
      { policy: 'read', code: 'temporarily_unavailable', reason: 'unavailable' },
    ],
  ] as const)('countersign:%s by policy %o', async (type, each, lines, expected) => {
    subscribe()
    await each.check(at(PATH, ...lines))
    expect(heard).toEqual([{ type, ...common, ...expected }])
    expect(Object.isFrozen(heard[0])).toBe(true)
    expect(JSON.stringify(heard)).not.toContain('CANARY')
    expect(JSON.stringify(heard)).not.toContain(Buffer.from('ada:CANARY-pw').toString('base64'))
  })

  test('an invalid credential that attempt lets pass is told too; nobody in optional is not', async () => {
    subscribe()
    await policy({ name: 'p', accept: token, mode: 'attempt' }).check(at('/', bearerLine('bad')))
    await policy({ name: 'p', accept: token, mode: 'optional' }).check(at('/'))
    expect(heard).toMatchObject([{ type: 'unauthenticated', reason: 'credential.wrong' }])
  })

  test('authorize tells what it refuses', async () => {
    const message = at('/', bearerLine('CANARY-good'))
    await read.check(message)
    subscribe()
    await read.authorize(message, { scope: 'a' })
    await read.authorize(message, { scope: 'b' })
    expect(heard).toMatchObject([{ type: 'forbidden', policy: 'read', code: 'insufficient_scope', subject: 'ada' }])
  })

  test.each([
    ['http://ada:CANARY@host/posts?x', '/posts'],
    ['/posts\r\nforged: 1', '/posts%0D%0Aforged:%201'],
    [`/${'x'.repeat(500)}`, `/${'x'.repeat(199)}`],
    ['/\u202e', '/%E2%80%AE'],
    ['/\ud800', '/%EF%BF%BD'],
  ])('the path of %j is shown as %j: no secret, no forged line', async (url, path) => {
    subscribe()
    await read.check(at(url))
    expect(heard[0]?.path).toBe(path)
  })
})

test('nothing is built when nobody listens', async () => {
  const now = vi.spyOn(Date, 'now')
  const touched: string[] = []
  const watched = (...lines: readonly Line[]) =>
    Object.defineProperties(request(...lines), {
      ip: { get: () => void touched.push('ip') },
      url: { get: () => touched.push('url') && '/' },
    })
  const ask = async () => {
    await read.check(watched(bearerLine('CANARY-good')))
    await read.check(watched(bearerLine('bad')))
    await read.check(watched())
  }
  await ask()
  expect({ touched, clock: now.mock.calls.length }).toEqual({ touched: [], clock: 0 })
  subscribe()
  await ask()
  expect(new Set(touched)).toEqual(new Set(['ip', 'url']))
  expect(now).toHaveBeenCalledTimes(3)
})

test('refusing makes no Error, and no stack', async () => {
  const made: string[] = []
  const real = { Error, TypeError, RangeError }
  const counting = (name: keyof typeof real) =>
    new Proxy(real[name], {
      construct(target, args, newTarget) {
        made.push(name)
        return Reflect.construct(target, args, newTarget)
      },
      apply(target, self, args) {
        made.push(name)
        return Reflect.apply(target, self, args)
      },
    })
  for (const name of Object.keys(real) as (keyof typeof real)[]) vi.stubGlobal(name, counting(name))
  try {
    for (const lines of [
      [],
      [bearerLine('bad')],
      [bearerLine('a b')],
      [keyLine('bad')],
      [basicLine('a', 'b')],
      [bearerLine('x'), keyLine('y')],
    ])
      expect((await read.check(request(...lines)))?.status).toBeGreaterThanOrEqual(400)
    expect((await admin.check(request(bearerLine('CANARY-good'))))?.status).toBe(403)
    expect(made).toEqual([])
    expect(() => read.principal(request())).toThrow() // the counters count
    expect(made).toEqual(['Error'])
  } finally {
    vi.unstubAllGlobals()
  }
})

test('refusals that clients meet again and again are the same bytes; a stream of new reasons does not push them out', async () => {
  let second = 0
  const { authError } = await import('@countersign/http')
  const late = policy({
    accept: bearer(() => authError('invalid_token', 'token.expired', { expected: `exp after ${second++}` })),
  })
  for (let i = 0; i < 200; i++) await late.check(request(bearerLine('t')))
  const [one, two] = [await late.check(request()), await late.check(request())]
  expect(one).toBe(two)
  const [first, next] = [await late.check(request(bearerLine('t'))), await late.check(request(bearerLine('t')))]
  if (first?.status === undefined || next?.status === undefined) throw new Error('not refused')
  expect(first.body).toBe(next.body)
  expect([first.error.expected, next.error.expected]).toEqual(['exp after 200', 'exp after 201'])
})

describe('NODE_DEBUG=countersign, in a process of its own', () => {
  const script = `
    import { Unavailable } from '@countersign/http'
    import { anyOf, apiKey, basic, bearer, policy } from '@countersign/policy'
    const accept = anyOf(bearer(({ token }) => {
      if (token === 'down') throw new Unavailable('the key source')
      return token === 'CANARY-good' ? { subject: 'ada' } : undefined
    }), apiKey(() => undefined), basic(() => undefined))
    const p = policy({ name: 'write posts', accept, scopes: ['a'] })
    const ask = (...rawHeaders) => p.check({ headers: {}, rawHeaders, method: 'POST', url: '/posts\\n?t=CANARY', socket: {} })
    await ask()
    await ask('Authorization', 'Bearer CANARY-bad')
    await ask('X-API-Key', 'CANARY-key')
    await ask('Authorization', 'Basic ' + btoa('ada:CANARY-pw'))
    await ask('Authorization', 'Bearer CANARY-good')
    await ask('Authorization', 'Bearer down')
    await ask('Authorization', 'Bearer CANARY bad')
  `
  const output = (NODE_DEBUG: string) =>
    execFileSync('/bin/sh', ['-c', '"$0" --input-type=module --eval "$1" 2>&1', process.execPath, script], {
      cwd: fileURLToPath(new URL('..', import.meta.url)),
      env: { ...process.env, NODE_DEBUG },
      encoding: 'utf8',
    })

  test('one line a refusal: policy, scheme, check, expected, got; no secret', () => {
    const lines = output('countersign').trim().split('\n')
    expect(lines.map((line) => line.replace(/^COUNTERSIGN \d+: /, ''))).toEqual([
      'POST /posts%0A, policy "write posts", no credential, credential.absent -> 401 unauthenticated',
      'POST /posts%0A, policy "write posts", scheme bearer, credential.wrong -> 401 invalid_token',
      'POST /posts%0A, policy "write posts", scheme apiKey, credential.wrong -> 401 invalid_token',
      'POST /posts%0A, policy "write posts", scheme basic, basic.wrong -> 401 invalid_credentials',
      'POST /posts%0A, policy "write posts", scheme bearer, scope.missing, expected scope a, got no scopes, no roles -> 403 insufficient_scope',
      'POST /posts%0A, policy "write posts", unavailable, got the key source does not answer -> 503 temporarily_unavailable',
      'POST /posts%0A, policy "write posts", scheme bearer, bearer.grammar, expected letters, digits and - . _ ~ + / = -> 400 invalid_request',
    ])
    expect(lines.join()).not.toMatch(/CANARY|YWRhOkNBTkFSWS1wdw/)
  })

  test('nothing without it', () => expect(output('')).toBe(''))
})
