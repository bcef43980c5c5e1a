/** A guard taken out of a source, and the case over a socket that must notice. */
export interface Mutant {
  /** What is taken out, in words. */
  readonly what: string
  /** The end of the source's path. */
  readonly file: string
  /** A text that stands there exactly once. */
  readonly find: string
  readonly replace: string
  /** The case that fails then, while the control cases pass; `start` where the host must not even start. */
  readonly killedBy: string
  /** The host it runs on: `node` unless the guard is an adapter's. */
  readonly host?: string
  /** A line of an adapter without which nothing at all is served: the control cases fail too, and are not asked. */
  readonly vital?: true
}
