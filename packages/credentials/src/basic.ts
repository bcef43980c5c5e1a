import { type AuthError, authError, isAuthError, type RequestView } from '@countersign/http'
import { readAuthorization } from './authorization.ts'

export interface BasicCredential {
  readonly kind: 'basic'
  readonly username: string
  readonly password: string
  readonly from: 'header'
}

const BASE64 = authError('invalid_request', 'basic.base64', {
  detail: 'The Basic credential is not base64.',
  expected: 'canonical base64 with padding (RFC 4648 section 4)',
})
const UTF8 = authError('invalid_request', 'basic.utf8', {
  detail: 'The Basic credential is not UTF-8.',
  expected: 'UTF-8, as the challenge says',
})
const CONTROL = authError('invalid_request', 'basic.control', {
  detail: 'The Basic credential has a control character.',
})
const COLON = authError('invalid_request', 'basic.colon', {
  detail: 'The Basic credential has no colon.',
  expected: 'user name, colon, password',
})

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const ALPHABET = /^[A-Za-z0-9+/]+={0,2}$/
// RFC 7617 section 2 forbids what RFC 5234 calls CTL; C1 controls are never typed either.
const CONTROLS = /[\u0000-\u001f\u007f-\u009f]/

/**
 * Reads a Basic credential (RFC 7617, always UTF-8). The first colon ends the user name; the password may hold more.
 * `undefined` when there is none; refuses bad base64, bad UTF-8, control characters and a missing colon, with
 * `invalid_request`.
 */
export function readBasic(request: RequestView): BasicCredential | AuthError | undefined {
  const value = readAuthorization(request, 'basic')
  if (value === undefined || isAuthError(value)) return value
  if (value.length % 4 !== 0 || !ALPHABET.test(value)) return BASE64
  const bytes = Buffer.from(value, 'base64')
  if (bytes.toString('base64') !== value) return BASE64
  let text: string
  try {
    text = decoder.decode(bytes)
  } catch {
    return UTF8
  }
  if (CONTROLS.test(text)) return CONTROL
  const colon = text.indexOf(':')
  if (colon === -1) return COLON
  return { kind: 'basic', username: text.slice(0, colon), password: text.slice(colon + 1), from: 'header' }
}
