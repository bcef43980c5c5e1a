import type { AuthError } from '@countersign/http'

/** One step on the way to an answer. `expected` and `got` never hold a secret. */
export interface Reason {
  readonly what: string
  readonly held: boolean
  readonly reason?: string
  readonly expected?: string
  readonly got?: string
}

/** Why a request gets the answer it gets, step by step: `status` is `undefined` when it passes. */
export interface Explanation {
  readonly policy: string
  readonly passed: boolean
  readonly status: number | undefined
  readonly code: string | undefined
  readonly reasons: readonly Reason[]
}

/** The recorder that `explain` hands to the same code that `check` runs. */
export type Trace = Reason[]

export function traceError(trace: Trace | undefined, what: string, { reason, expected, got }: AuthError): void {
  trace?.push({
    what,
    held: false,
    reason,
    ...(expected !== undefined && { expected }),
    ...(got !== undefined && { got }),
  })
}
