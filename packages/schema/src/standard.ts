/** Standard Schema version 1 (https://standardschema.dev), by shape: libraries that take validators take this one. */
export interface StandardProps<T> {
  readonly version: 1
  readonly vendor: 'countersign'
  validate(value: unknown): StandardResult<T>
  /** For types only; undefined at run time. */
  readonly types?: { readonly input: T; readonly output: T } | undefined
}

export type StandardResult<T> =
  | { readonly value: T; readonly issues?: undefined }
  | { readonly issues: readonly { readonly message: string; readonly path: readonly string[] }[] }
