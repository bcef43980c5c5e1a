import { type AuthError, authError, isAuthError, type Maybe } from '@countersign/http'
import { isSignatureOf, keyFor } from './algorithm.ts'
import type { Covered } from './component.ts'
import { andThen } from './maybe.ts'
import { identifierOf, signatureBase } from './signature-base.ts'
import type { Received } from './signature-fields.ts'
import type { KeySource, VerificationKey } from './verification-key.ts'

/** How signatures are judged. Times are in seconds, but the clock's. */
export interface Course<K extends VerificationKey> extends Times, Which {
  readonly maker: string
  readonly keys: KeySource<K>
}

interface Times {
  readonly maxAge: number
  readonly leeway: number
  readonly clock: () => number
}

interface Which {
  readonly tag: string | undefined
  readonly label: string | undefined
}

export interface Verified<K> {
  readonly entry: K
  readonly keyid: string
  /** Epoch seconds after which it is too old. */
  readonly until: number
}

const KEY = authError('invalid_token', 'signature.key')
const ALGORITHM = authError('invalid_token', 'signature.algorithm')
const WRONG = authError('invalid_token', 'signature.wrong')
const SEVERAL = authError('invalid_request', 'signature.several', {
  detail: 'The request has more than one signature that could be meant.',
})

/** The longest `keyid`, `nonce` or `tag` that is looked at. */
const TEXT = 256

/** The one signature that is for us: by label, by tag, or the only one. `undefined`: none is. */
export function chosen(received: readonly Received[], { tag, label }: Which): Received | AuthError | undefined {
  const ours = received.filter(
    (one) => (label === undefined || one.label === label) && (tag === undefined || one.parameters.get('tag') === tag),
  )
  return ours.length > 1 ? SEVERAL : ours[0]
}

/**
 * Verifies a signature over what it says it covers of this message (RFC 9421 section 3.2), which must be `required` at least:
 * identifiers. Its key is looked up among yours by `keyid`; no key and no algorithm is taken from the message.
 */
export function verifySignature<K extends VerificationKey>(
  received: Received,
  message: Covered,
  required: readonly string[],
  course: Course<K>,
): Maybe<Verified<K> | AuthError> {
  const { components, parameters } = received
  const covered = components.map(identifierOf)
  const lacking = required.filter((one) => !covered.includes(one))
  if (lacking.length > 0)
    return authError('invalid_token', 'signature.components', {
      expected: required.join(' '),
      got: `none of ${lacking.join(' ')}`,
    })
  const until = timesOf(received, course)
  if (isAuthError(until)) return until
  const keyid = parameters.get('keyid')
  if (!isText(keyid)) return KEY
  const made = signatureBase(message, components, parameters)
  if ('missing' in made)
    return authError('invalid_token', 'signature.component', { expected: `a value of ${made.missing}` })
  const judge = (entry: K | undefined | null): Verified<K> | AuthError => {
    if (entry === undefined || entry === null) return KEY
    const alg = parameters.get('alg')
    if (alg !== undefined && alg !== entry.algorithm) return ALGORITHM
    const key = importedOf(course.maker, entry)
    return isSignatureOf(entry.algorithm, key, made.base, received.signature) ? { entry, keyid, until } : WRONG
  }
  return andThen(lookUp(course.keys, keyid), judge)
}

/** When the signature is too old, in epoch seconds; or why it is not good now (RFC 9421 section 3.2, step 5). */
function timesOf({ parameters }: Received, { maxAge, leeway, clock }: Times): number | AuthError {
  const now = Math.floor(clock() / 1000)
  const [created, expires] = [parameters.get('created'), parameters.get('expires')]
  const age = Number.isInteger(created) ? now - Number(created) : Number.NaN
  if (!(age <= maxAge + leeway && age >= -leeway))
    return authError('invalid_token', 'signature.created', {
      expected: `created at most ${maxAge} s ago`,
      got: Number.isNaN(age) ? 'no time' : `${age} s ago`,
    })
  const until = Number(created) + maxAge + leeway
  if (expires === undefined) return until
  if (!Number.isInteger(expires) || now >= Number(expires) + leeway)
    return authError('invalid_token', 'signature.expired')
  return Math.min(until, Number(expires) + leeway)
}

export function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= TEXT
}

function lookUp<K extends VerificationKey>(keys: KeySource<K>, keyid: string): Maybe<K | undefined | null> {
  return typeof keys === 'function' ? keys(keyid) : Object.hasOwn(keys, keyid) ? keys[keyid] : undefined
}

/** A PEM is parsed once for each entry that a key source holds. */
const imported = new WeakMap<VerificationKey, ReturnType<typeof keyFor>>()

function importedOf(maker: string, entry: VerificationKey): ReturnType<typeof keyFor> {
  const known = imported.get(entry)
  if (known) return known
  const key = keyFor(maker, entry.algorithm, entry.key, 'verify')
  imported.set(entry, key)
  return key
}

/** Throws a TypeError for what is no key source; a record is checked whole, where it is given. */
export function checkKeys(maker: string, keys: unknown): void {
  if (typeof keys === 'function') return
  if (typeof keys !== 'object' || keys === null || Array.isArray(keys) || keys instanceof Map)
    throw new TypeError(`${maker}: keys must be a function of the keyid, or a record by keyid`)
  for (const entry of Object.values(keys as Readonly<Record<string, VerificationKey>>)) importedOf(maker, entry)
}
