// Faults that other libraries of this field had, each by its name; those about tokens are in @countersign/tokens.
import { expect, test } from 'vitest'
import { bearerLine, request, tokens, verdictOf } from '../test/request.ts'
import { bearer, decisionOf, policy } from './index.ts'

const signedIn = policy({ accept: bearer(tokens({ good: { subject: 'ada' } })) })

test('path-scoped middleware skipped by // and ; (middie 2026): a policy looks at no path', async () => {
  const paths = [
    '/posts/2',
    '//posts/2',
    '/posts;a/2',
    '/posts/2;a',
    '/POSTS/2',
    '/%70osts/2',
    '/./posts/2',
    '/posts\\2',
    '/posts/2/',
  ]
  for (const url of paths) {
    expect(await verdictOf(signedIn, { ...request(), url })).toBe('401 unauthenticated credential.absent')
    expect(await verdictOf(signedIn, { ...request(bearerLine('good')), url })).toBe('pass')
  }
})

test('identity headers not stripped by a forwarder (caddy 2026, oauth2-proxy 2025): no header names a caller', async () => {
  const names = [
    'X-User',
    'X_User',
    'Remote-User',
    'X-Remote-User',
    'X-Forwarded-User',
    'X-Auth-Request-User',
    'X-Authenticated-Userid',
    'From',
  ]
  const forged = names.map((name) => [name, 'admin'] as const)
  const message = { ...request(...forged), headers: { authorization: 'Bearer good' } } // the parsed headers are not read either
  expect(await verdictOf(signedIn, message)).toBe('401 unauthenticated credential.absent')
  expect(decisionOf(message)).toBeUndefined()
  const right = request(...forged, bearerLine('good'))
  await signedIn.check(right)
  expect(signedIn.principal(right).subject).toBe('ada')
})

test('user id taken from the body (better-auth 2025): the principal comes of the credential alone', async () => {
  const message = Object.assign(request(bearerLine('good')), {
    body: { subject: 'victim', userId: 'victim' },
    query: { subject: 'victim' },
    user: { subject: 'victim' },
    auth: { subject: 'victim' },
  })
  await signedIn.check(message)
  expect(signedIn.principal(message)).toEqual({ subject: 'ada' })
})
