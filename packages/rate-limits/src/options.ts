/** The number itself. Throws a TypeError that says what was wrong, and what may stand there. */
export function wholeOf(maker: string, name: string, value: unknown, least: number, most: number): number {
  if (Number.isInteger(value) && Number(value) >= least && Number(value) <= most) return Number(value)
  throw new TypeError(`${maker}: ${name} must be a whole number from ${least} to ${most}`)
}

export function clockOf(maker: string, clock: unknown): () => number {
  if (clock === undefined) return () => Date.now()
  if (typeof clock === 'function') return clock as () => number
  throw new TypeError(`${maker}: clock must be a function to epoch milliseconds; leave it out for Date.now`)
}

/** A name of a table, or what keys begin with: nothing in it means something to a database. */
export function nameOf(maker: string, option: string, value: unknown): string {
  if (typeof value === 'string' && /^[a-z][a-z0-9_-]{0,62}$/.test(value)) return value
  throw new TypeError(`${maker}: ${option} must be 1 to 63 of a to z, 0 to 9, _ and -, a letter first`)
}

const QUARTER = 15 * 60
const DAY = 24 * 60 * 60
/** The longest window: 31 days, in seconds. */
export const LONGEST = 31 * DAY

/** The window itself, in seconds. Whole thousands that are no quarters of an hour and no days were meant in milliseconds. */
export function windowOf(maker: string, name: string, value: unknown): number {
  const window = wholeOf(maker, `${name} (seconds)`, value, 1, LONGEST)
  const isRound = window <= DAY ? window % QUARTER === 0 : window % DAY === 0
  if (window % 1000 === 0 && !isRound)
    throw new TypeError(`${maker}: ${name} is in seconds, and ${window} looks like milliseconds: ${window / 1000}`)
  return window
}

/** Milliseconds that a call to a store may take. */
export const timeoutOf = (maker: string, value: unknown): number => wholeOf(maker, 'timeout', value ?? 250, 1, 60_000)
