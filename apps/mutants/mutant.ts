/** One text of one source, replaced. */
export interface Change {
  /** The end of the source's path. */
  readonly file: string
  /** A text that stands there exactly once. */
  readonly find: string
  readonly replace: string
}

/** A guard taken out of a source, and the case over a socket that must notice. */
export interface Mutant extends Change {
  /** What is taken out, in words. */
  readonly what: string
  /** Where several guards stand one behind the other and each suffices: the others, taken out with it. */
  readonly also?: readonly Change[]
  /** The case that fails then, while the control cases pass; `start` where the host must not even start. */
  readonly killedBy: string
  /** With `start`: what the host says when it ends, so that no other fault passes for this one. */
  readonly says?: string
  /** Control cases that show this guard too, and must fail with it: each row says why in the words beside it. */
  readonly alsoBreaks?: readonly string[]
  /** The host it runs on: `node` unless the guard is an adapter's. */
  readonly host?: string
}

export const changesOf = ({ file, find, replace, also = [] }: Mutant): readonly Change[] => [
  { file, find, replace },
  ...also,
]
