import type { IncomingMessage } from 'node:http'
import { authError, type Principal } from '@countersign/http'
import { expectTypeOf, test } from 'vitest'
import { type AnyPolicy, allOf, anyOf, anyone, apiKey, basic, bearer, policy, type TokenVerifier } from './index.ts'

interface User extends Principal {
  readonly email: string
}
interface TokenPrincipal extends Principal {
  readonly claims: { readonly iss: string }
}
declare const request: IncomingMessage
const later = <T>(make: () => T) => make // type tests: nothing here is called

const tokens: TokenVerifier<TokenPrincipal> = { verify: () => undefined }
const token = bearer(tokens)
const user = basic(
  async ({ username }): Promise<User | undefined> => (username ? { subject: 'x', email: 'e' } : undefined),
)
const key = apiKey(({ key: text }) =>
  text === 'x' ? { subject: 'k', plan: 'free' as const } : authError('invalid_token', 'key.unknown'),
)
const any = policy({ accept: anyOf(token, key, user), scopes: ['posts:write'] })

test('anyOf yields a union that the name of the scheme tells apart', () => {
  later(() => {
    const decision = any.decision(request)
    if (decision.scheme === 'basic') expectTypeOf(decision.principal).toEqualTypeOf<User>()
    else if (decision.scheme === 'bearer') expectTypeOf(decision.principal).toEqualTypeOf<TokenPrincipal>()
    else expectTypeOf(decision.principal.plan).toEqualTypeOf<'free'>()
    expectTypeOf(any.principal(request).subject).toEqualTypeOf<string>()
    // @ts-expect-error not every scheme yields an e-mail
    any.principal(request).email
  })
})

test('allOf yields the first as the caller and the rest in `also`', () => {
  const both = policy({ accept: allOf(key, token) })
  later(() => {
    expectTypeOf(both.principal(request).plan).toEqualTypeOf<'free'>()
    expectTypeOf(both.decision(request).also[0].principal.claims.iss).toEqualTypeOf<string>()
    // @ts-expect-error there is no second one
    both.decision(request).also[1]
  })
})

test('undefined stands only where the mode lets a request pass without a principal', () => {
  const optional = policy({ accept: token, mode: 'optional' })
  const attempt = policy({ accept: token, mode: 'attempt' })
  later(() => {
    expectTypeOf(policy({ accept: token }).principal(request)).toEqualTypeOf<TokenPrincipal>()
    expectTypeOf(optional.principal(request)).toEqualTypeOf<TokenPrincipal | undefined>()
    expectTypeOf(attempt.principal(request)).toEqualTypeOf<TokenPrincipal | undefined>()
    const outcome = attempt.decision(request)
    if (outcome.kind === 'invalid') expectTypeOf(outcome.error.code).toBeString()
    else if (outcome.kind === 'authenticated') expectTypeOf(outcome.decision.principal).toEqualTypeOf<TokenPrincipal>()
  })
})

test('the principal option yields what the application loads', () => {
  const loaded = policy({ accept: bearer(tokens, { principal: async ({ claims }) => ({ row: claims.iss }) }) })
  const listed = policy({ accept: bearer([tokens, tokens]) })
  later(() => {
    expectTypeOf(loaded.principal(request)).toEqualTypeOf<{ row: string }>()
    expectTypeOf(listed.principal(request)).toEqualTypeOf<TokenPrincipal>()
  })
})

test('rules and second-phase tests see the principal and the resource', () => {
  policy({
    accept: token,
    allow: { anyOf: [{ scope: 'a' }, { name: 'ours', test: ({ claims }) => claims.iss === 'us' }] },
  })
  later(() =>
    any.authorize(
      request,
      { name: 'own', test: ({ subject }, post: { author: string }) => subject === post.author },
      { author: 'a' },
    ),
  )
  // @ts-expect-error a rule names exactly what there is
  later(() => policy({ accept: token, allow: { scop: 'a' } }))
  expectTypeOf<AnyPolicy[]>([any, anyone]).toEqualTypeOf<AnyPolicy[]>()
})
