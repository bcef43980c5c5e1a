import { Refused, Unavailable } from '@countersign/http'
import { expect, test } from 'vitest'
import { bearerLine, request, tokens } from '../test/request.ts'
import { bearer, policy, refusalOf } from './index.ts'

const verifier = tokens({ ada: { subject: 'ada', scopes: ['a'] }, bob: { subject: 'bob', scopes: ['a'] } })
const signedIn = policy({ accept: bearer(verifier) })
const post = { author: 'ada' }
const owns = {
  name: 'owns the post',
  test: ({ subject }: { subject: string }, { author }: typeof post) => subject === author,
}
const passed = async (token: string) => {
  const message = request(bearerLine(token))
  await signedIn.check(message)
  return message
}

test('a rule over an object just loaded', async () => {
  expect(signedIn.authorize(await passed('ada'), owns, post)).toBeUndefined()
  expect(signedIn.authorize(await passed('bob'), owns, post)).toMatchObject({
    status: 403,
    error: { code: 'access_denied' },
  })
})

test('an async test is awaited; one that fails to answer is a bug, one that is down is Unavailable', async () => {
  const message = await passed('ada')
  const later = (answer: () => Promise<boolean>) => signedIn.authorize(message, { name: 'later', test: answer })
  expect(await later(async () => true)).toBeUndefined()
  expect(await later(async () => false)).toMatchObject({ status: 403 })
  await expect(later(async () => Promise.reject(new Error('bug')))).rejects.toThrow('bug')
  const down = later(async () => Promise.reject(new Unavailable('the database')))
  expect(refusalOf(await Promise.resolve(down).catch((thrown: unknown) => thrown), message)).toMatchObject({
    status: 503,
  })
})

test('it gives the same bytes as check', async () => {
  const message = await passed('ada')
  for (const allow of [{ scope: 'b' }, { role: 'admin' }, { anyOf: [{ scope: 'b' }, { scope: 'c' }] }] as const) {
    const first = await policy({ accept: signedIn.accept, allow }).check(message)
    const second = await signedIn.authorize(message, allow)
    expect({ ...second, error: undefined }).toEqual({ ...first, error: undefined })
    expect(second?.status).toBe(403)
  }
})

test('thrown as Refused it keeps its challenge', async () => {
  const message = await passed('ada')
  const refusal = await signedIn.authorize(message, { scope: 'b' })
  if (!refusal) throw new Error('not refused')
  expect(refusalOf(new Refused(refusal), message)).toBe(refusal)
})

test('a bare 403 thrown behind a policy carries the challenge of the scheme that proved the caller', async () => {
  const message = await passed('ada')
  const thrown = refusalOf(
    new Refused({ ...(await signedIn.authorize(message, { role: 'x' }))?.error } as never),
    message,
  )
  expect(thrown).toMatchObject({ status: 403, headers: { 'www-authenticate': 'Bearer realm="api"' } })
  expect(refusalOf({ status: 403 }, request()).headers).not.toHaveProperty('www-authenticate')
  for (const status of [400, 404, 500])
    expect(refusalOf({ status }, message).headers).not.toHaveProperty('www-authenticate')
})

test('nobody who proved nothing may: 401 with every challenge', async () => {
  const optional = policy({ accept: bearer(verifier), mode: 'optional' })
  const message = request()
  await optional.check(message)
  const refusal = await optional.authorize(message, { name: 'anybody', test: () => true })
  expect(refusal).toMatchObject({
    status: 401,
    error: { code: 'unauthenticated' },
    headers: { 'www-authenticate': 'Bearer realm="api"' },
  })
})

test('a mistyped rule never allows', async () => {
  const message = await passed('ada')
  expect(() => signedIn.authorize(message, { scop: 'a' } as never)).toThrow(TypeError)
})
