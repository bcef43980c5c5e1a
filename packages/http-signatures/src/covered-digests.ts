import { type AuthError, authError, isAuthError } from '@countersign/http'
import type { Item } from 'structured-headers'
import { linesOf } from './component.ts'
import { digestCheck } from './digest.ts'
import type { BodyCheck } from './guard-body.ts'

const MALFORMED = authError('invalid_request', 'digest.malformed', {
  detail: 'A digest field is malformed, or has neither sha-256 nor sha-512.',
})
const REPRESENTATION = authError('invalid_request', 'digest.representation', {
  detail: 'A Repr-Digest can be verified without Content-Encoding and Content-Range alone.',
})
const FIELDS = ['content-digest', 'repr-digest'] as const
/** With one of these, the bytes that came are not the representation (RFC 9530 section 3.1). */
const CHANGED = ['content-encoding', 'content-range'] as const

/**
 * What a body must be by the digests of it that a signature covers, under whatever parameters: `Content-Digest`, and `Repr-Digest`, which
 * is of the same bytes where there is no coding and no range. `undefined`: none is covered. An error: one cannot be judged.
 */
export function coveredDigests(
  components: readonly Item[],
  rawHeaders: readonly string[],
): BodyCheck | AuthError | undefined {
  const covered = FIELDS.filter((field) => components.some(([name, of]) => name === field && of.get('req') !== true))
  const checks = covered.map((field) => {
    const isAnother = field === 'repr-digest' && CHANGED.some((name) => linesOf(rawHeaders, name).length > 0)
    return isAnother ? REPRESENTATION : (digestCheck(linesOf(rawHeaders, field)) ?? MALFORMED)
  })
  const parts: BodyCheck[] = []
  for (const check of checks) {
    if (isAuthError(check)) return check
    parts.push(check)
  }
  if (parts.length === 0) return undefined
  return {
    update(chunk) {
      for (const part of parts) part.update(chunk)
    },
    isRight: () => parts.every((part) => part.isRight()),
  }
}
