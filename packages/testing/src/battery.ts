import { type Attack, type AttackMethod, type AttackRequest, type Expected, makeAttack } from './attack.ts'

export interface Battery {
  /** The control first: the good request, which must pass. */
  readonly attacks: readonly Attack[]
  /** What could not be made here, and why: print it. */
  readonly leftOut: readonly { readonly id: string; readonly why: string }[]
}

interface Real {
  readonly method?: AttackMethod
  readonly url: string
  readonly body?: unknown
}

/** What is being put together: every attack is the good request with something else in it. */
export class DraftBattery {
  readonly attacks: Attack[] = []
  readonly leftOut: { id: string; why: string }[] = []
  readonly #base: AttackRequest

  constructor({ method = 'GET', url, body }: Real, headers: Readonly<Record<string, string>>) {
    this.#base = {
      method,
      url,
      headers: { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { payload: JSON.stringify(body) }),
    }
  }

  get request(): AttackRequest {
    return this.#base
  }

  add(
    id: string,
    name: string,
    section: string,
    headers: AttackRequest['headers'],
    expected: Expected,
    change: Partial<AttackRequest> = {},
  ) {
    const base = this.#base
    this.attacks.push(
      makeAttack(id, name, section, { ...base, ...change, headers: { ...base.headers, ...headers } }, expected),
    )
  }

  /** Without any credential: not even those that every other request carries. */
  addBare(id: string, name: string, section: string, expected: Expected, change: Partial<AttackRequest> = {}) {
    const { 'content-type': type } = this.#base.headers
    const headers = { ...(type !== undefined && { 'content-type': type }), ...change.headers }
    this.attacks.push(makeAttack(id, name, section, { ...this.#base, ...change, headers }, expected))
  }

  leave(id: string, why: string) {
    this.leftOut.push({ id, why })
  }
}
