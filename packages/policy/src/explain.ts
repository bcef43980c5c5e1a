import type { AuthError, Refusal } from '@countersign/http'

/** One thing that was looked at on the way to an answer, with what it stands on. Plain data; never holds a secret. */
export interface Step {
  /** A scheme's name, `present`, `verified`, `scope posts:write`, `all of`, the name of a rule… */
  readonly what: string
  /** `null`: it decided nothing, such as a scheme of which no credential came. */
  readonly held: boolean | null
  /** Why not: stable, such as `token.expired`. */
  readonly reason?: string
  readonly expected?: string
  readonly got?: string
  readonly steps?: readonly Step[]
}

/** Why a request gets the answer it gets, as a tree. Plain data, for a page, a test or `npx countersign explain`. */
export interface Explanation {
  readonly policy: string
  readonly passed: boolean
  /** `undefined` when it passes. */
  readonly status: number | undefined
  readonly code: string | undefined
  /** The `WWW-Authenticate` lines of the answer. */
  readonly challenges: readonly string[]
  /** First the schemes, in the order of `accept`; then what the credential must allow. */
  readonly steps: readonly Step[]
}

/** The recorder that `explain` hands to the same code that `check` runs. */
export type Trace = Draft[]
export type Draft = { -readonly [Name in keyof Step]: Name extends 'steps' ? Trace : Step[Name] }

/** A new step with steps inside. Nothing without a recorder. */
export function open(trace: Trace | undefined, what: string): Draft | undefined {
  if (!trace) return undefined
  const draft: Draft = { what, held: null, steps: [] }
  trace.push(draft)
  return draft
}

/** The step of that name, which was recorded before. */
export function stepOf(trace: Trace | undefined, what: string): Draft | undefined {
  return trace?.find((draft) => draft.what === what)
}

export function traceError(trace: Trace | undefined, what: string, { reason, expected, got }: AuthError): void {
  trace?.push({
    what,
    held: false,
    reason,
    ...(expected !== undefined && { expected }),
    ...(got !== undefined && { got }),
  })
}

/** The whole explanation: `answer` is what `check` would send for `error`. */
export function explanationOf(
  policy: string,
  steps: Trace,
  error: AuthError | undefined,
  answer: Refusal | undefined,
): Explanation {
  if (error?.code === 'temporarily_unavailable') traceError(steps, 'every part answers', error)
  const challenges = answer?.headers['www-authenticate'] ?? []
  return {
    policy,
    passed: !error,
    status: answer?.status,
    code: error?.code,
    challenges: typeof challenges === 'string' ? [challenges] : challenges,
    steps,
  }
}
