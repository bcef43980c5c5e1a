/** One request that must not get through, as data: for `inject`, supertest, `fetch` or a socket. */
export interface Attack {
  /** Unique in its battery, such as `token.expired`. */
  readonly id: string
  /** What is sent, in words: the name of a test. */
  readonly name: string
  /** The text that demands the refusal. */
  readonly section: string
  readonly request: AttackRequest
  /** What an answer does wrong, in a sentence; `undefined` when it is right. */
  fault(answer: AttackAnswer): string | undefined
}

/** Takes `inject` as it is; a header with several values goes out as several lines. */
export interface AttackRequest {
  readonly method: AttackMethod
  /** Path and query. */
  readonly url: string
  readonly headers: Readonly<Record<string, string | string[]>>
  readonly payload?: string
}
export type AttackMethod = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** An answer of `inject` (`statusCode`), of supertest or of `fetch` (`status`). */
export type AttackAnswer = { readonly headers: unknown } & (
  | { readonly statusCode: number }
  | { readonly status: number }
)

/** What may come: the statuses of a right answer, and what they mean. */
export interface Expected {
  readonly statuses: readonly number[] | 'pass' | 'no success'
  readonly challenge?: true
}

/** Refused for its credential. 400: malformed (RFC 6750 section 3.1); 431: larger than the server reads. */
export const REFUSED: Expected = { statuses: [400, 401, 403, 431] }
/** Refused as one who proved nothing: with a challenge (RFC 9110 section 15.5.2). */
export const CHALLENGED: Expected = { statuses: [401], challenge: true }
export const FORBIDDEN: Expected = { statuses: [403] }
export const HIDDEN: Expected = { statuses: [403, 404] }
export const NO_SUCCESS: Expected = { statuses: 'no success' }
export const PASSES: Expected = { statuses: 'pass' }

export function makeAttack(
  id: string,
  name: string,
  section: string,
  request: AttackRequest,
  expected: Expected,
): Attack {
  return Object.freeze({ id, name, section, request, fault: (answer: AttackAnswer) => faultOf(answer, expected) })
}

function faultOf(answer: AttackAnswer, { statuses, challenge }: Expected): string | undefined {
  const status = 'statusCode' in answer ? answer.statusCode : answer.status
  if (status >= 500) return `the server broke: ${status}`
  if (statuses === 'pass') {
    if (status === 401 || status === 403) return `the good request was refused: ${status}, so no attack proves anything`
    return status < 400 || status === 422
      ? undefined
      : `the good request got ${status}: give "method", "url" and "body" of a real one`
  }
  if (status < 300) return `let in: ${status}`
  if (statuses === 'no success') return undefined
  if (!statuses.includes(status)) return `answered ${status}, expected ${statuses.join(' or ')}`
  if (challenge && !headerOf(answer.headers, 'www-authenticate'))
    return 'a 401 without WWW-Authenticate: the client is not told how to authenticate'
  return undefined
}

function headerOf(headers: unknown, name: string): unknown {
  return headers instanceof Headers ? headers.get(name) : (headers as Record<string, unknown> | null)?.[name]
}
