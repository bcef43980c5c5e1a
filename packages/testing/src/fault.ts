/** An answer of `inject` (`statusCode`), of supertest or of `fetch` (`status`). */
export type AttackAnswer = { readonly headers: unknown } & (
  | { readonly statusCode: number }
  | { readonly status: number }
)

/** What an answer does wrong. */
export interface Fault {
  /** `refused`: the good request was. `another status`: neither a success nor what was expected. */
  readonly kind: 'let in' | 'broke' | 'no challenge' | 'another status' | 'refused'
  /** The whole of it in a sentence. */
  readonly says: string
}

/** What may come: the statuses of a right answer, and what they mean. */
export interface Expected {
  readonly statuses: readonly number[] | 'no success'
  readonly challenge?: true
}

/** Refused for its credential. 400: malformed (RFC 6750 section 3.1); 431: larger than the server reads. */
export const REFUSED: Expected = { statuses: [400, 401, 403, 431] }
/** Refused as one who proved nothing: with a challenge (RFC 9110 section 15.5.2). */
export const CHALLENGED: Expected = { statuses: [401], challenge: true }
export const FORBIDDEN: Expected = { statuses: [403] }
export const HIDDEN: Expected = { statuses: [403, 404] }
export const NO_SUCCESS: Expected = { statuses: 'no success' }

export function faultOf(answer: AttackAnswer, { statuses, challenge }: Expected): Fault | undefined {
  const status = statusOf(answer)
  if (status >= 500) return broke(status)
  if (status < 300) return { kind: 'let in', says: `let in: ${status}` }
  if (statuses === 'no success') return undefined
  if (!statuses.includes(status))
    return { kind: 'another status', says: `answered ${status}, expected ${statuses.join(' or ')}` }
  if (!challenge || headerOf(answer.headers, 'www-authenticate')) return undefined
  return {
    kind: 'no challenge',
    says: 'a 401 without WWW-Authenticate: the client is not told how to authenticate',
  }
}

/** Of the good request: what its answer does wrong. 422 is a handler's word on a body, and handlers are behind the policy. */
export function faultOfControl(answer: AttackAnswer): Fault | undefined {
  const status = statusOf(answer)
  if (status >= 500) return broke(status)
  if (status === 401 || status === 403)
    return { kind: 'refused', says: `the good request was refused: ${status}, so no attack proves anything` }
  if (status < 300 || status === 422) return undefined
  return {
    kind: 'another status',
    says: `the good request got ${status}: the method, path and body must be those of a real one`,
  }
}

function broke(status: number): Fault {
  return { kind: 'broke', says: `the server broke: ${status}` }
}

function statusOf(answer: AttackAnswer): number {
  return 'statusCode' in answer ? answer.statusCode : answer.status
}

function headerOf(headers: unknown, name: string): unknown {
  return headers instanceof Headers ? headers.get(name) : (headers as Record<string, unknown> | null)?.[name]
}
