import { type AuthError, authError } from './error.ts'
import { type JsonFault, readNames } from './json-names.ts'

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

const NOT_UTF8 = authError('invalid_request', 'json.utf8', { detail: 'The body is not UTF-8.' })
const BOM = authError('invalid_request', 'json.bom', { detail: 'The body starts with a byte order mark.' })
const SYNTAX = authError('invalid_request', 'json.syntax', { detail: 'The body is not JSON.' })
const DUPLICATE = authError('invalid_request', 'json.duplicate', {
  detail: 'An object in the body has a member twice.',
})
const DEPTH = authError('invalid_request', 'json.depth', { detail: 'The body is nested too deeply.' })
const POISON = authError('invalid_request', 'json.prototype', { detail: 'The body names a prototype.' })

/** Whatever is asked for: values are walked by recursion. */
const DEEPEST = 1000
const REPLACEMENT = '\ufffd'
const FAULTS: Readonly<Record<JsonFault, AuthError>> = {
  syntax: SYNTAX,
  duplicate: DUPLICATE,
  depth: DEPTH,
  prototype: POISON,
}

/**
 * Parses JSON strictly (RFC 8259 with RFC 7493's unique names): fatal UTF-8, no byte order mark, no duplicate
 * member names, at most `depth` levels (64; never over 1000). Refuses `__proto__` members and `constructor.prototype`, with
 * `invalid_request`. Never throws.
 */
export function parseJson(
  bytes: Uint8Array,
  limits?: { readonly depth?: number },
): { readonly value: unknown } | AuthError {
  const text = decode(bytes)
  if (text === undefined) return NOT_UTF8
  if (text.charCodeAt(0) === 0xfeff) return BOM
  const names = readNames(text, Math.min(limits?.depth ?? 64, DEEPEST))
  if (typeof names === 'string') return FAULTS[names]
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return SYNTAX
  }
  const fault = names.faultOf(value)
  return fault ? FAULTS[fault] : { value }
}

/** Text that is UTF-8 to the byte, or `undefined`. */
function decode(bytes: Uint8Array): string | undefined {
  // Quicker than a TextDecoder; a replacement character is either there or stands for a fault.
  const text = Buffer.isBuffer(bytes) ? bytes.toString('utf8') : REPLACEMENT
  if (!text.includes(REPLACEMENT)) return text
  try {
    return decoder.decode(bytes)
  } catch {
    return undefined
  }
}
