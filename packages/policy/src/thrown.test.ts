import diagnostics from 'node:diagnostics_channel'
import { authError, problem, Refused, Unavailable } from '@countersign/http'
import { expect, test } from 'vitest'
import { bearerLine, request } from '../test/request.ts'
import { anyOf, apiKey, basic, bearer, policy, refusalOf } from './index.ts'

const accept = anyOf(
  bearer(() => ({ subject: 'ada' })),
  apiKey(() => ({ subject: 'bot' })),
  basic(() => ({ subject: 'bob' })),
)
const caller = policy({ name: 'caller', accept })
const behind = async () => {
  const message = request(bearerLine('x'))
  await caller.check(message)
  return message
}
const challenges = (thrown: unknown, message?: ReturnType<typeof request>) =>
  [refusalOf(thrown, message).headers['www-authenticate'] ?? []].flat()

test('a 401 thrown behind a policy carries every challenge that the policy would have sent; a 403 that of the caller', async () => {
  const message = await behind()
  expect(challenges(new Refused(authError('invalid_token', 'gone')), message)).toEqual([
    'Bearer realm="api", error="invalid_token"',
    'ApiKey realm="api", header="X-API-Key"',
    'Basic realm="api", charset="UTF-8"',
  ])
  expect(challenges(new Refused(authError('access_denied', 'no')), message)).toEqual(['Bearer realm="api"'])
})

test('so does one behind a policy that let nobody in particular pass', async () => {
  const optional = policy({ accept, mode: 'optional' })
  const message = request()
  await optional.check(message)
  expect(challenges(new Refused(authError('invalid_token', 'gone')), message)).toHaveLength(3)
})

test('the bytes and headers of what was thrown go out as they are', async () => {
  const own = {
    ...problem(authError('invalid_grant', 'house')),
    headers: { 'x-house': '1' },
    body: Buffer.from('house'),
  }
  const refusal = refusalOf(new Refused(own), await behind())
  expect([refusal.headers, `${refusal.body}`]).toEqual([{ 'x-house': '1' }, 'house'])
})

test('a login that is refused is published, a refusal of check is not published twice', async () => {
  const seen: unknown[] = []
  const listen = (event: unknown) => void seen.push(event)
  const names = ['unauthenticated', 'forbidden', 'unavailable'].map((name) => `countersign:${name}`)
  for (const name of names) diagnostics.subscribe(name, listen)
  try {
    refusalOf(new Refused(authError('invalid_credentials', 'password.wrong')), request())
    refusalOf(new Refused(authError('invalid_grant', 'refresh.reused')), request())
    refusalOf(new Unavailable('the hashing queue'), request())
    refusalOf(new Refused(authError('not_found', 'post.unknown')), request())
    refusalOf(new Error('bug'), request())
    expect(seen).toMatchObject([
      { type: 'unauthenticated', code: 'invalid_credentials', reason: 'password.wrong' },
      { type: 'unauthenticated', code: 'invalid_grant', reason: 'refresh.reused' },
      { type: 'unavailable', code: 'temporarily_unavailable' },
    ])
    seen.length = 0
    const message = request()
    const verdict = await caller.check(message)
    if (verdict?.status !== undefined) refusalOf(new Refused(verdict), message)
    expect(seen).toHaveLength(1)
  } finally {
    for (const name of names) diagnostics.unsubscribe(name, listen)
  }
})

test('a token that nobody judges says whose tokens are judged, and whose it says to be', async () => {
  const judged = policy({ accept: bearer([{ issuer: 'https://a.test/', verify: () => undefined }]) })
  const token = `x.${Buffer.from('{"iss":"https://a.test"}').toString('base64url')}.x`
  const { steps } = await judged.explain(request(bearerLine(token)))
  expect(steps[0]?.steps?.at(-1)).toMatchObject({
    reason: 'token.issuer',
    expected: 'https://a.test/',
    got: '"https://a.test"',
  })
  for (const odd of ['x', 'x.y.z', `x.${Buffer.from('[]').toString('base64url')}.x`]) {
    expect((await judged.explain(request(bearerLine(odd)))).status).toBe(401)
  }
})

test('a doubled or malformed cookie does not stand in the way of an explicit credential', async () => {
  const both = policy({
    accept: anyOf(
      bearer(() => ({ subject: 'ada' }), { cookie: 'sid' }),
      apiKey(() => ({ subject: 'bot' })),
    ),
  })
  for (const cookie of ['sid=a; sid=b', 'sid=a b']) {
    const key = request(['Cookie', cookie], ['X-API-Key', 'k'])
    expect(await both.check(key)).toBeUndefined()
    expect(both.decision(key).scheme).toBe('apiKey')
    expect((await both.check(request(['Cookie', cookie])))?.status).toBe(400)
  }
})

test('refusals that differ only in where a word stands are not taken for one another', async () => {
  const message = await behind()
  const say = (detail: string, scopes: readonly string[]) =>
    new Refused(authError('insufficient_scope', 'x', { detail, scopes }))
  expect(challenges(say('a', ['b', 'c']), message)).toEqual([
    'Bearer realm="api", error="insufficient_scope", scope="b c"',
  ])
  const scoped = (name: string) => caller.authorize(message, { scope: name })
  expect((await scoped('b'))?.headers['www-authenticate']).toContain('scope="b"')
  expect((await scoped('c'))?.headers['www-authenticate']).toContain('scope="c"')
})

test('authorize with what is no rule says so', async () => {
  const message = await behind()
  for (const wrong of [{ scop: 'a' }, () => true, undefined]) {
    expect(() => caller.authorize(message, wrong as never)).toThrow('a rule has exactly one of')
  }
})
