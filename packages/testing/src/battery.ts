import {
  type Attack,
  type AttackMethod,
  type AttackRequest,
  type AttackSender,
  type Control,
  makeAttack,
} from './attack.ts'
import { type Expected, faultOfControl, REFUSED } from './fault.ts'

/** All attacks on one route. */
export interface Battery {
  readonly control: Control
  readonly attacks: readonly Attack[]
  /** What could not be made here, and why: print it. */
  readonly leftOut: readonly LeftOut[]
}

export interface LeftOut {
  /** Of an attack; with `.*` at its end, of all whose ids begin so. */
  readonly id: string
  readonly why: LeftOutReason
}
export type LeftOutReason =
  | 'the issuer would have to sign it'
  | 'no good token'
  | 'no public keys'
  | 'no server of keys'
  | 'no good credential of its scheme'
  | 'no object of somebody else'
  | 'a request without a credential may pass'
  | 'tokens are read from there'
  | 'no scope is asked for'
  | 'its tokens have another algorithm'
  | 'the good token does not say it'
  | 'its issuer makes no ID tokens'
  | 'no attacks are known for it'

/** What makes an attack of the good request. */
export interface Draft {
  readonly id: string
  readonly name: string
  readonly section: string
  readonly sender: AttackSender
  /** Beside those that every request needs, or in their place. */
  readonly headers?: AttackRequest['headers']
  readonly url?: string
  readonly method?: AttackMethod
  /** Without any credential: not even those that every other request carries. */
  readonly bare?: true
  /** Refused for its credential, where nothing else is said. */
  readonly expected?: Expected
}

interface Real {
  readonly method?: AttackMethod
  readonly url: string
  readonly body?: unknown
}

/** What is being put together: every attack is the good request with something else in it. */
export class DraftBattery {
  readonly attacks: Attack[] = []
  readonly leftOut: LeftOut[] = []
  readonly request: AttackRequest
  readonly #bare: AttackRequest['headers']

  /** `headers` are those that every request needs; `credentials` names those that the policy reads. */
  constructor(
    { method = 'GET', url, body }: Real,
    headers: Readonly<Record<string, string>>,
    credentials: ReadonlySet<string>,
  ) {
    const type = body !== undefined && { 'content-type': 'application/json' }
    const payload = body !== undefined && { payload: JSON.stringify(body) }
    this.request = { method, url, headers: { ...headers, ...type }, ...payload }
    const proves = (name: string) => name === 'authorization' || name === 'cookie' || credentials.has(name)
    this.#bare = Object.fromEntries(Object.entries(this.request.headers).filter(([name]) => !proves(name)))
  }

  add({ headers, url, method, bare, expected = REFUSED, ...words }: Draft) {
    const change = { ...(url !== undefined && { url }), ...(method && { method }) }
    const usual = bare ? this.#bare : this.request.headers
    const request = { ...this.request, ...change, headers: { ...usual, ...headers } }
    this.attacks.push(makeAttack({ ...words, request }, expected))
  }

  leave(why: LeftOutReason, ...ids: readonly string[]) {
    this.leftOut.push(...ids.map((id) => ({ id, why })))
  }

  /** With the good credential as the control. */
  battery(good: AttackRequest['headers']): Battery {
    const request = { ...this.request, headers: { ...this.request.headers, ...good } }
    const control: Control = Object.freeze({ name: 'the good request passes', request, fault: faultOfControl })
    return { control, attacks: this.attacks, leftOut: this.leftOut }
  }
}
