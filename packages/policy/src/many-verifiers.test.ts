import { authError } from '@countersign/http'
import { expect, test, vi } from 'vitest'
import { bearer, policy, type TokenVerifier } from './index.ts'

const tokenOf = (iss: unknown) => `e30.${Buffer.from(JSON.stringify({ iss })).toString('base64url')}.AAAA`
const request = (token: string) => ({
  method: 'GET',
  url: '/',
  headers: {},
  rawHeaders: ['Authorization', `Bearer ${token}`],
  socket: {},
})

function world() {
  const make = (names: Pick<TokenVerifier, 'issuer' | 'issuers'>) => {
    const own = [names.issuer, names.issuers].flat().filter((name) => name !== undefined)
    const verify = vi.fn((token: string) => {
      const { iss } = JSON.parse(Buffer.from(token.split('.')[1] as string, 'base64url').toString())
      return own.length === 0 || own.includes(iss) ? { subject: `of ${own.join()}` } : undefined
    })
    return { ...names, verify }
  }
  const [a, b, both, any] = [
    make({ issuer: 'https://a' }),
    make({ issuer: 'https://b' }),
    make({ issuers: ['https://c', 'https://d'] }),
    vi.fn(() => undefined),
  ]
  return { a, b, both, any, one: policy({ accept: bearer([a, b, both, any]) }) }
}

test('of many verifiers, those are asked that the token says it is for, and those that name nobody', async () => {
  const { a, b, both, any, one } = world()
  const passing = request(tokenOf('https://d'))
  expect(await one.check(passing)).toBeUndefined()
  expect(one.principal(passing).subject).toBe('of https://c,https://d')
  expect([a, b, both].map(({ verify }) => verify.mock.calls.length)).toEqual([0, 0, 1])
  expect(await one.check(request(tokenOf('https://elsewhere')))).toMatchObject({ status: 401 })
  expect([a, b, both].map(({ verify }) => verify.mock.calls.length)).toEqual([0, 0, 1])
  expect(any).toHaveBeenCalledTimes(1)
})

test('a token that says nothing of its issuer is for all: the first to judge it has the last word', async () => {
  for (const token of [tokenOf(5), tokenOf(undefined), tokenOf('__proto__'), 'e30.e30.AAAA'])
    expect(await world().one.check(request(token))).toMatchObject({ status: 401 })
  const { a, one } = world()
  a.verify.mockReturnValue(authError('invalid_token', 'token.issuer') as never)
  expect(await one.check(request(tokenOf(undefined)))).toMatchObject({ status: 401 })
  expect(a.verify).toHaveBeenCalledOnce()
})
