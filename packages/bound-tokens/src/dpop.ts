import { type Challenge, readAuthorization } from '@countersign/credentials'
import { type AuthError, authError, isAuthError, type Maybe, type Principal, type RequestView } from '@countersign/http'
import { errorParams, type Presented, type Scheme, type SchemeOptions } from '@countersign/policy'
import { type Course, isNew, type ProofOptions, proofCourse, proofIn, proveKey, REPLAYED } from './dpop-proof.ts'
import type { Nonces } from './nonces.ts'
import { type BoundVerifier, checkVerifier, confirmationOf, MORE, type VerifiedBy } from './verifier.ts'

export interface DpopOptions<V, U> extends ProofOptions, Pick<SchemeOptions<V, U>, 'name' | 'principal'> {}

interface DpopCredential extends Presented {
  readonly token: string
  readonly proof: string
}

const B64TOKEN = /^[A-Za-z0-9\-._~+/=]+$/
const GRAMMAR = authError('invalid_request', 'dpop.grammar', {
  expected: 'a token of letters, digits and - . _ ~ + / =',
})
const UNBOUND = authError('invalid_token', 'dpop.unbound', {
  expected: 'a token that is bound to a key',
  got: 'no cnf.jkt',
})
const OTHER_KEY = authError('invalid_token', 'dpop.key', {
  expected: 'a proof by the key of the token',
  got: 'another key',
})

/**
 * Accepts tokens that are bound to a key (RFC 9449): `Authorization: DPoP …` with a proof in the `DPoP` header, made for
 * this method, this URL and this token, used once. A wrong proof is 401 `invalid_dpop_proof`, a token of another key or
 * none 401 `invalid_token`, a nonce that is missing or old 401 `use_dpop_nonce` with `DPoP-Nonce`. As bearer tokens such
 * tokens are refused by `bearer`. Throws a TypeError for wrong options.
 */
export function dpop<V extends BoundVerifier, U = VerifiedBy<V>>(
  verifier: V,
  options: DpopOptions<VerifiedBy<V>, U>,
): Scheme<'dpop', U> {
  checkVerifier('dpop()', verifier)
  const course = proofCourse('dpop()', options, ['name', 'principal'])

  /** The token first: whoever has none that is bound to their key pays for no signature of theirs. */
  async function check(
    { token, proof }: DpopCredential,
    request: RequestView,
  ): Promise<Principal | AuthError | undefined> {
    const principal = await verifier.verify(token, { bound: true })
    if (principal === undefined || isAuthError(principal)) return principal
    const cnf = confirmationOf(principal)
    const thumbprint = cnf?.jkt
    if (typeof thumbprint !== 'string') return UNBOUND
    if (Object.keys(cnf as object).length > 1) return MORE
    const proven = proveKey(proof, { token, thumbprint }, request, course)
    if (isAuthError(proven)) return proven.reason === 'proof.other' ? OTHER_KEY : proven
    return (await isNew(proven, course)) ? principal : REPLAYED
  }

  const scheme: Scheme = {
    kind: 'scheme',
    of: [],
    name: options.name ?? 'dpop',
    sources: ['authorization:dpop'],
    openapi: { type: 'http', scheme: 'dpop' },
    read(request): DpopCredential | AuthError | undefined {
      const token = readAuthorization(request, 'dpop')
      if (token === undefined || isAuthError(token)) return token
      if (!B64TOKEN.test(token)) return GRAMMAR
      const proof = proofIn(request)
      return isAuthError(proof) ? proof : { from: 'header', token, proof }
    },
    verify: (credential, request): Maybe<Principal | AuthError | undefined> =>
      check(credential as DpopCredential, request),
    ...(options.principal && { load: options.principal as unknown as NonNullable<Scheme['load']> }),
    ...(course.nonces && { answerHeaders: () => ({ 'dpop-nonce': (course.nonces as Nonces).current() }) }),
    challenge: (error) => dpopChallenge(course, error),
  }
  return Object.freeze(scheme) as Scheme<'dpop', U>
}

/** RFC 9449 section 7.1. */
export function dpopChallenge({ realm, algorithms }: Course, error: AuthError | undefined): Challenge {
  return { scheme: 'DPoP', params: { realm, algs: algorithms.join(' '), ...errorParams(error) } }
}
