/** A whole number of seconds between the bounds, or a TypeError. */
export function secondsOf(maker: string, name: string, value: unknown, least: number, most: number): number {
  if (Number.isInteger(value) && Number(value) >= least && Number(value) <= most) return Number(value)
  throw new TypeError(`${maker}: ${name} must be whole seconds from ${least} to ${most}`)
}

export function clockOf(maker: string, clock: unknown): () => number {
  if (clock === undefined) return () => Date.now()
  if (typeof clock === 'function') return clock as () => number
  throw new TypeError(`${maker}: clock must be a function to epoch milliseconds`)
}

export function textOf(maker: string, name: string, value: unknown, hint: string): string {
  if (typeof value === 'string' && value !== '') return value
  throw new TypeError(`${maker}: ${name} must be a string that is not empty: ${hint}`)
}

/** The name of the header that carries identities, as it was given. */
export function headerOf(maker: string, value: string): string {
  if (typeof value === 'string' && /^[A-Za-z0-9-]+$/.test(value)) return value
  throw new TypeError(`${maker}: header must be a header name such as "Countersign-Identity"`)
}
