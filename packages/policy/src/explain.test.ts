import diagnostics from 'node:diagnostics_channel'
import { isDeepStrictEqual } from 'node:util'
import { authError, Unavailable } from '@countersign/http'
import { expect, test } from 'vitest'
import { basicLine, bearerLine, cookieLine, keyLine, type Line, request, tokens } from '../test/request.ts'
import { allOf, anyOf, apiKey, basic, bearer, decisionOf, type Mode, policy, type Rule } from './index.ts'

const CANARIES = ['CANARY-token', 'CANARY-password', 'CANARY-key']
const token = bearer(
  [
    tokens({ good: { subject: 'ada', scopes: ['a'], authTime: 100 }, 'CANARY-token': { subject: 'eve' } }),
    async ({ token: text }) =>
      text === 'expired' ? authError('invalid_token', 'token.expired', { expected: 'E', got: 'G' }) : undefined,
    ({ token: text }) => {
      if (text === 'down') throw new Unavailable('the key source')
      return undefined
    },
  ],
  { cookie: 'session' },
)
const loaded = bearer(tokens({ good: { subject: 'ada', roles: ['r'] }, gone: { subject: 'gone' } }), {
  principal: async ({ subject }) => (subject === 'ada' ? { subject, row: 1 } : null),
})
const key = apiKey(({ key: text }) => (text === 'good' ? { subject: 'k', scopes: ['a', 'b'] } : undefined))
const user = basic(async ({ password }) => (password === 'good' ? { subject: 'u' } : undefined))

const ACCEPTS = [
  token,
  loaded,
  key,
  user,
  anyOf(token, key, user),
  anyOf(key, loaded),
  allOf(key, token),
  anyOf(allOf(key, token), user),
]
const RULES: (Rule | undefined)[] = [
  undefined,
  { scope: 'a' },
  { role: 'r' },
  { anyOf: [{ scope: 'b' }, { name: 'async', test: async ({ subject }) => subject !== 'k' }] },
]
const MODES: Mode[] = ['required', 'optional', 'attempt']
const AUTHORIZATION: (Line | undefined)[] = [
  undefined,
  bearerLine('good'),
  bearerLine('CANARY-token'),
  bearerLine('expired'),
  bearerLine('gone'),
  bearerLine('down'),
  bearerLine('a b'),
  basicLine('ada', 'good'),
  basicLine('ada', 'CANARY-password'),
  ['Authorization', 'Basic ????'],
]
const KEYS: (Line | undefined)[] = [undefined, keyLine('good'), keyLine('CANARY-key'), keyLine('a b')]
const COOKIES: (Line | undefined)[] = [undefined, cookieLine('good'), cookieLine('CANARY-token')]

test('the verdict of explain is that of check: every policy, mode and rule here, with every mix of credentials', async () => {
  const told: unknown[] = []
  const listen = (event: unknown) => told.push(event)
  const channels = ['authenticated', 'unauthenticated', 'forbidden', 'unavailable'].map((name) => `countersign:${name}`)
  const statuses = new Set<number | undefined>()
  let cases = 0
  for (const accept of ACCEPTS)
    for (const mode of MODES)
      for (const allow of RULES)
        for (const maxAge of [undefined, 1]) {
          const each = policy({
            accept: accept as typeof token,
            mode,
            clock: () => 100_000,
            ...(allow && { allow }),
            ...(maxAge !== undefined && { maxAge }),
          })
          for (const authorization of AUTHORIZATION)
            for (const keyed of KEYS)
              for (const cookie of COOKIES) {
                const lines = [authorization, keyed, cookie].filter((line) => line !== undefined)
                const verdict = await each.check(request(...lines))
                const message = request(...lines)
                for (const name of channels) diagnostics.subscribe(name, listen)
                const explanation = await each.explain(message)
                for (const name of channels) diagnostics.unsubscribe(name, listen)
                const status = verdict?.status
                if (
                  explanation.status !== status ||
                  explanation.code !== (verdict?.status === undefined ? undefined : verdict.error.code) ||
                  explanation.passed !== (status === undefined) ||
                  !isDeepStrictEqual(explanation.challenges, [verdict?.headers['www-authenticate'] ?? []].flat()) ||
                  decisionOf(message) !== undefined ||
                  CANARIES.some((canary) => JSON.stringify(explanation).includes(canary))
                )
                  expect.fail(`${JSON.stringify({ lines, mode, allow, maxAge, explanation, status })}`)
                statuses.add(status)
                cases++
              }
        }
  expect(cases).toBe(
    ACCEPTS.length * MODES.length * RULES.length * 2 * AUTHORIZATION.length * KEYS.length * COOKIES.length,
  )
  expect([...statuses].sort()).toEqual([400, 401, 403, 503, undefined].sort())
  expect(told).toEqual([])
}, 60_000)

test('each step says what was looked at, and why it did not hold', async () => {
  const read = policy({
    name: 'read',
    accept: anyOf(token, key),
    allow: { allOf: [{ scope: 'a' }, { role: 'admin' }] },
  })
  expect(await read.explain(request(bearerLine('good')))).toEqual({
    policy: 'read',
    passed: false,
    status: 403,
    code: 'access_denied',
    challenges: ['Bearer realm="api"'],
    steps: [
      {
        what: 'bearer',
        held: true,
        steps: [
          { what: 'present', held: true },
          { what: 'verified', held: true },
        ],
      },
      { what: 'apiKey', held: null, steps: [] },
      {
        what: 'all of',
        held: false,
        steps: [
          { what: 'scope a', held: true },
          { what: 'role admin', held: false, expected: 'admin', got: 'no roles' },
        ],
      },
    ],
  })
  const { steps } = await read.explain(request(bearerLine('expired')))
  expect(steps[0]).toMatchObject({ what: 'bearer', held: false })
  expect(steps[0]?.steps?.at(-1)).toEqual({
    what: 'verified',
    held: false,
    reason: 'token.expired',
    expected: 'E',
    got: 'G',
  })
})

test('explain rejects for a bug, as check does', async () => {
  const buggy = policy({ accept: bearer(() => Promise.reject(new Error('bug'))) })
  await expect(buggy.explain(request(bearerLine('x')))).rejects.toThrow('bug')
})
