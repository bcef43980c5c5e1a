import { checkOptions } from '@countersign/http'
import type { Algorithm } from './algorithm.ts'
import { algorithmRow } from './algorithm.ts'

/** Options that every verifier takes. */
export interface VerifierOptions {
  /** Seconds that clocks may differ: 30. At most 300. */
  readonly leeway?: number
  /** Seconds from `iat` (or now) to `exp` that a token may have at most: 86,400. Refuses `exp` in milliseconds too. */
  readonly maxLifetime?: number
  /** How many verified tokens to remember (10,000), or `false` for none. */
  readonly cache?: { readonly entries: number } | false
  /** Epoch milliseconds; the machine's clock unless told otherwise. */
  readonly clock?: () => number
}

/** Their names. */
export const VERIFIER_OPTIONS = ['leeway', 'maxLifetime', 'cache', 'clock'] as const

/** A mistake in the options: which, what it must be, and what to do. */
export function wrong(maker: string, option: string, expectation: string): TypeError {
  return new TypeError(`${maker}: ${option} must be ${expectation}`)
}

/** A text that is not empty, or a TypeError. */
export function textOption(maker: string, option: string, value: unknown, hint: string): string {
  if (typeof value !== 'string' || value === '') throw wrong(maker, option, `a string that is not empty: ${hint}`)
  return value
}

/** A whole number between the bounds, or a TypeError. */
export function numberOption(
  maker: string,
  option: string,
  value: number | undefined,
  otherwise: number,
  [least, most]: readonly [number, number],
): number {
  const number = value ?? otherwise
  if (!Number.isInteger(number) || number < least || number > most)
    throw wrong(maker, option, `a whole number from ${least} to ${most}`)
  return number
}

/** One or several audiences, never a pattern: a stateful RegExp once let every second token through. */
export function audienceOption(maker: string, value: unknown, waiver = ''): readonly string[] {
  const list = typeof value === 'string' ? [value] : value
  if (!Array.isArray(list) || list.length === 0 || !list.every((one) => typeof one === 'string' && one !== ''))
    throw wrong(
      maker,
      'audience',
      `the exact aud of your API, or a list of them: without it any token would do${waiver}`,
    )
  return Object.freeze([...list] as string[])
}

/** A list of registered algorithms, or a TypeError. */
export function algorithmsOption(maker: string, value: unknown): readonly Algorithm[] {
  if (typeof value === 'string' && algorithmRow(value)) throw wrong(maker, 'algorithms', `a list: ['${value}']`)
  if (!Array.isArray(value) || value.length === 0 || !value.every((name) => algorithmRow(name)))
    throw wrong(maker, 'algorithms', "a list of registered names, such as ['RS256']; 'none' is not one")
  return Object.freeze([...value] as Algorithm[])
}

/** `typ` values in lower case, each also with `application/` before it (RFC 7515 section 4.1.9). */
export function typesOption(maker: string, value: unknown): readonly string[] {
  const list = typeof value === 'string' ? [value] : value
  if (!Array.isArray(list) || list.length === 0 || !list.every((one) => typeof one === 'string'))
    throw wrong(maker, 'type', "the typ of the header, such as 'at+jwt', or a list of them")
  const lower = (list as string[]).map((one) => one.toLowerCase())
  return Object.freeze(
    lower.flatMap((one) => (one === '' || one === 'jwt' || one.includes('/') ? [one] : [one, `application/${one}`])),
  )
}

/** What every verifier takes from its options, checked. */
export function verifierOptions(maker: string, options: VerifierOptions) {
  const { cache, clock = () => Date.now() } = options
  if (typeof clock !== 'function') throw wrong(maker, 'clock', 'a function to epoch milliseconds')
  if (cache !== false) checkOptions(`${maker}: cache`, cache, ['entries'])
  const entries = cache === false ? 0 : numberOption(maker, 'cache.entries', cache?.entries, 10_000, [1, 10_000_000])
  return {
    clock,
    cache: entries,
    leeway: numberOption(maker, 'leeway', options.leeway, 30, [0, 300]),
    maxLifetime: numberOption(maker, 'maxLifetime', options.maxLifetime, 86_400, [1, 315_360_000]),
  }
}
