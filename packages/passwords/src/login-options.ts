import { checkOptions } from '@countersign/http'
import type { PasswordLoginOptions, StoredUser } from './login.ts'

const OPTIONS = ['find', 'upgrade', 'realm', 'concurrency', 'queue', 'cache', 'limits', 'clock']

/** Throws a TypeError that names the option, what it must be, and the remedy. */
export function checkLoginOptions<U extends StoredUser>(options: PasswordLoginOptions<U>): void {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError('passwordLogin takes options: passwordLogin({ find: (username) => user })')
  }
  checkOptions('passwordLogin', options, OPTIONS)
  const { find, upgrade, clock, concurrency, queue, cache, limits, realm = 'api' } = options
  check(typeof find === 'function', 'find', 'a function of the user name', 'Return the user, or undefined.')
  check(isOptional(upgrade, 'function'), 'upgrade', 'a function (user, newHash)', 'Leave it out to keep old hashes.')
  check(isOptional(clock, 'function'), 'clock', 'a function returning epoch milliseconds', 'Leave it out for Date.now.')
  check(
    /^[\x20\x21\x23-\x5b\x5d-\x7e]+$/.test(realm),
    'realm',
    'printable ASCII without quotes',
    'Leave it out for "api".',
  )
  check(
    limits === undefined || typeof limits?.begin === 'function',
    'limits',
    'what loginLimits() of @countersign/rate-limits makes',
    'Leave it out to limit no logins.',
  )
  checkNumber('concurrency', concurrency, 1, 64)
  checkNumber('queue', queue, 0, 10_000)
  if (cache === undefined || cache === false) return
  check(typeof cache === 'object' && cache !== null, 'cache', 'false or { seconds, entries }', 'Leave it out for 60 s.')
  checkOptions('passwordLogin: cache', cache, ['seconds', 'entries'])
  checkNumber('cache.seconds', cache.seconds, 1, 60)
  checkNumber('cache.entries', cache.entries, 1, 1_000_000)
}

function isOptional(value: unknown, type: string): boolean {
  return value === undefined || typeof value === type
}

function checkNumber(option: string, value: number | undefined, least: number, most: number): void {
  const held = value === undefined || (Number.isInteger(value) && value >= least && value <= most)
  check(held, option, `a whole number from ${least} to ${most}`, 'Leave it out for the default.')
}

function check(held: boolean, option: string, expected: string, remedy: string): void {
  if (!held) throw new TypeError(`passwordLogin: \`${option}\` must be ${expected}. ${remedy}`)
}
