import { formatChallenge } from '@countersign/credentials'
import { type AuthError, isAuthError, problem, Refused, type RequestView } from '@countersign/http'
import { dpopChallenge } from './dpop.ts'
import { isNew, type ProofOptions, proofCourse, proofIn, proveKey, REPLAYED } from './dpop-proof.ts'

/**
 * For a login or a refresh: returns a function that resolves to the thumbprint of the key that the client of a request has just
 * proved to hold, by a proof for this method and URL, used once; `issue` and `refresh` of `localIssuer` take it as `jkt`. It
 * rejects with `Refused` for anything else: 401 `invalid_dpop_proof`, or `use_dpop_nonce` with the nonce. RFC 9449 section 5.
 */
export function dpopKey(options: ProofOptions): (request: RequestView) => Promise<string> {
  const course = proofCourse('dpopKey()', options)
  const refused = (error: AuthError) => new Refused(problem(error, [formatChallenge(dpopChallenge(course, error))]))
  return async (request) => {
    const proof = proofIn(request)
    if (isAuthError(proof)) throw refused(proof)
    const proven = proveKey(proof, {}, request, course)
    if (isAuthError(proven)) throw refused(proven)
    if (!(await isNew(proven, course))) throw refused(REPLAYED)
    return proven.thumbprint
  }
}
