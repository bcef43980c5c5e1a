import { type Headers, type RefusalOptions, throwsRefusals } from '@countersign/http'
import type { AnyPolicy, Verdict } from './policy.ts'

/** What `protect` of every adapter takes. */
export type ProtectOptions = RefusalOptions

/**
 * Checks what `protect` of an adapter is given, where it is given: later, each request would be a bug. Says whether
 * refusals are thrown. Throws a TypeError for what is no policy and for an option that there is not.
 */
export function checkProtect(policy: unknown, options: ProtectOptions | undefined): boolean {
  const { check, name } = (policy ?? {}) as Partial<AnyPolicy>
  if (typeof check !== 'function' || typeof name !== 'string') {
    throw new TypeError('protect() takes a policy: policy({ accept: bearer(…) }), or `anyone` for a public route')
  }
  return throwsRefusals('protect()', options)
}

/**
 * The headers of a verdict that hold whoever words the body: those of a pass, and of a refusal its challenges, `Retry-After`
 * and `Cache-Control`. Adapters set them before they hand a refusal to a house error handler, so that none forgets a challenge.
 */
export function headersBesideBody(verdict: NonNullable<Verdict>): Headers {
  const { 'content-type': _type, 'content-length': _length, ...rest } = verdict.headers
  return rest
}
