import { type AttackAnswer, type Expected, type Fault, faultOf } from './fault.ts'

/** One request that must not get through, as data: for `inject`, supertest, `fetch` or a socket. */
export interface Attack {
  /** Unique in its battery, such as `aud.other`. */
  readonly id: string
  /** What is sent, in words: the name of a test. */
  readonly name: string
  /** The text that demands the refusal. */
  readonly section: string
  /** Who can send such a request. */
  readonly sender: AttackSender
  /** What it means when it is let in; it follows from who can send it. */
  readonly severity: Severity
  readonly request: AttackRequest
  /** What an answer does wrong; `undefined` when it is right. */
  fault(answer: AttackAnswer): Fault | undefined
}

/** The good request, which must pass: where it does not, no refusal proves anything. */
export type Control = Pick<Attack, 'name' | 'request' | 'fault'>

/** `way in`: somebody reaches what they must not. `strictness`: nobody new gets in, only the issuer or who has the good credential. */
export type Severity = 'way in' | 'strictness'

const SEVERITY = {
  anybody: 'way in',
  'another site, through a browser': 'way in',
  'a caller who may less': 'way in',
  'the holder of a token for something else': 'way in',
  'the issuer': 'strictness',
  'the holder of the good credential': 'strictness',
} as const satisfies Readonly<Record<string, Severity>>
export type AttackSender = keyof typeof SEVERITY

/** Takes `inject` as it is; a header with several values goes out as several lines. */
export interface AttackRequest {
  readonly method: AttackMethod
  /** Path and query. */
  readonly url: string
  readonly headers: Readonly<Record<string, string | string[]>>
  readonly payload?: string
}
export type AttackMethod = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

export function makeAttack(made: Omit<Attack, 'severity' | 'fault'>, expected: Expected): Attack {
  return Object.freeze({
    ...made,
    severity: SEVERITY[made.sender],
    fault: (answer: AttackAnswer) => faultOf(answer, expected),
  })
}
