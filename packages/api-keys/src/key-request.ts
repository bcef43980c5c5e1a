import { checkOptions } from '@countersign/http'

/** What a key is made from. */
export interface NewApiKey {
  /** Who the key speaks for: any string of 1 to 1024 characters. Take it from the caller's principal. */
  readonly subject: string
  /** What the key allows, at most 100. Give no more than its maker holds. */
  readonly scopes: readonly string[]
  /** For people, to tell keys apart: at most 200 characters. */
  readonly name?: string
  readonly roles?: readonly string[]
  /** Seconds until it ends. Left out, with `expiresAt` left out too: it never ends. */
  readonly expiresIn?: number
  /** Epoch seconds at which it ends. */
  readonly expiresAt?: number
}

const MEMBERS = ['subject', 'scopes', 'name', 'roles', 'expiresIn', 'expiresAt']
/** RFC 6749 section 3.3: visible ASCII without space, quotation mark and backslash. */
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]{1,200}$/
/** Epoch seconds of the year 5138; what is larger was meant in milliseconds. */
const MAX_TIME = 100_000_000_000

export interface CheckedKey extends Pick<NewApiKey, 'subject' | 'scopes' | 'name' | 'roles'> {
  readonly expiresAt?: number
}

/** Checks and copies what a key is made from. `now` in epoch seconds. Throws a TypeError that says what is wrong. */
export function checkNewKey(request: NewApiKey, now: number): CheckedKey {
  if (typeof request !== 'object' || request === null) {
    throw new TypeError('create takes { subject, scopes }: who the key speaks for and what it allows.')
  }
  checkOptions('create', request, MEMBERS)
  const { subject, scopes, name, roles, expiresIn, expiresAt } = request
  checkSubject(subject)
  if (scopes === undefined)
    throw new TypeError('API keys: `scopes` is missing: give `scopes: []` for a key that allows nothing.')
  check(
    isListOf(scopes, (scope) => SCOPE.test(scope)),
    'scopes',
    'at most 100 OAuth scopes (RFC 6749 section 3.3)',
  )
  check(roles === undefined || isListOf(roles, (role) => role.length <= 200), 'roles', 'at most 100 strings')
  check(name === undefined || (typeof name === 'string' && name.length <= 200), 'name', 'at most 200 characters')
  check(expiresIn === undefined || expiresAt === undefined, 'expiresIn', 'left out when `expiresAt` is given')
  check(isTime(expiresIn) && expiresIn !== 0, 'expiresIn', 'a whole number of seconds, 1 or more')
  check(isTime(expiresAt), 'expiresAt', 'whole epoch seconds, not milliseconds')
  const end = expiresIn === undefined ? expiresAt : now + expiresIn
  check(end === undefined || (end > now && end < MAX_TIME), 'expiresAt', 'after now and before the year 5138')
  return {
    subject,
    scopes: [...new Set(scopes)],
    ...(name !== undefined && { name }),
    ...(roles && { roles: [...new Set(roles)] }),
    ...(end !== undefined && { expiresAt: end }),
  }
}

/** Throws a TypeError for what can't own a key. */
export function checkSubject(subject: unknown): asserts subject is string {
  const held = typeof subject === 'string' && subject !== '' && subject.length <= 1024 && subject.isWellFormed()
  check(held, 'subject', 'a string of 1 to 1024 characters')
}

/** Throws a TypeError for an owner who is given and is no one: `undefined` would mean anyone's key. */
export function checkOwner(verb: string, owner: { readonly subject?: unknown }): void {
  if ('subject' in owner && typeof owner.subject !== 'string') {
    throw new TypeError(`${verb}: \`subject\` is given, so it must be a string. Leave it out to mean anyone's key.`)
  }
}

/** Throws a TypeError for what is no length of an overlap. */
export function checkOverlap(overlap: number): void {
  check(isTime(overlap), 'overlap', 'a whole number of seconds, 0 or more')
}

function isListOf(list: unknown, holds: (text: string) => boolean): boolean {
  return Array.isArray(list) && list.length <= 100 && list.every((item) => typeof item === 'string' && holds(item))
}

function isTime(value: unknown): boolean {
  return value === undefined || (Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) < MAX_TIME)
}

function check(held: boolean, option: string, expected: string): asserts held {
  if (!held) throw new TypeError(`API keys: \`${option}\` must be ${expected}. Validate the request before this call.`)
}
