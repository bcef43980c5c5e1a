const NAME = /^[\w.-]{1,64}$/

/** What may be said of an error whose message may hold anything, such as a row of a database: its `code`, else its class. */
export function errorName(error: unknown): string {
  if (!(error instanceof Error)) return typeof error
  const { code } = error as { readonly code?: unknown }
  return [code, error.name].find((name): name is string => typeof name === 'string' && NAME.test(name)) ?? 'Error'
}
