import { generateKeyPairSync } from 'node:crypto'
import { isAuthError } from '@countersign/http'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Covered } from './component.ts'
import { componentValue } from './component.ts'
import { contentDigest, digestCheck } from './digest.ts'
import { component, signer } from './make-signature.ts'
import { signaturesIn } from './signature-fields.ts'
import type { VerificationKey } from './verification-key.ts'
import { type Course, verifySignature } from './verify-signature.ts'

const { publicKey, privateKey } = generateKeyPairSync('ed25519')
const { sign } = signer('test', { keyid: 'k', algorithm: 'ed25519', key: privateKey })
const course: Course<VerificationKey> = {
  maker: 'test',
  keys: { k: { algorithm: 'ed25519', key: publicKey } },
  tag: undefined,
  label: undefined,
  maxAge: 300,
  leeway: 30,
  clock: () => Date.now(),
}

const value = fc.string({
  unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)),
  maxLength: 40,
})
const name = fc.stringMatching(/^x-[a-z]{1,8}$/)
const path = fc.webPath().map((one) => (one.startsWith('/') ? one : `/${one}`))
const method = fc.constantFrom('GET', 'POST', 'PUT', 'DELETE')

function verdict(message: Covered, fields: object) {
  const rawHeaders = [...message.rawHeaders, ...Object.entries(fields).flat()]
  const [received] = signaturesIn(rawHeaders) ?? []
  if (!received) return 'none'
  const verified = verifySignature(received, { ...message, rawHeaders }, [], course)
  if (verified instanceof Promise) throw new Error('not awaited')
  return isAuthError(verified) ? verified.reason : 'right'
}

test('what is signed is right, and wrong once any covered part is another', () => {
  fc.assert(
    fc.property(
      method,
      path,
      name,
      value,
      value,
      method,
      path,
      (verb, target, field, one, other, otherVerb, otherTarget) => {
        const message: Covered = { method: verb, url: `https://a.b${target}`, rawHeaders: [field, one] }
        const fields = sign(
          message,
          ['@method', '@target-uri', field].map((part) => component(part)),
        )
        expect(verdict(message, fields)).toBe('right')
        const changed = { ...message, rawHeaders: [field, other] }
        expect(verdict(changed, fields)).toBe(one.trim() === other.trim() ? 'right' : 'signature.wrong')
        expect(verdict({ ...message, method: otherVerb }, fields)).toBe(
          verb === otherVerb ? 'right' : 'signature.wrong',
        )
        const moved = { ...message, url: `https://a.b${otherTarget}` }
        expect(verdict(moved, fields)).toBe(target === otherTarget ? 'right' : 'signature.wrong')
        expect(verdict({ ...message, rawHeaders: [field, one, field, other] }, fields)).toBe('signature.wrong')
      },
    ),
  )
})

test('no line of a value reads as a line of the base', () => {
  for (const bad of ['a\n"@method": GET', 'a\r', 'a\u0000', 'ā'])
    expect(() => sign({ method: 'GET', rawHeaders: ['x-a', bad] }, [component('x-a')])).toThrow('has no "x-a" to sign')
})

test('whatever stands in the fields, reading them throws nothing', () => {
  const text = fc.oneof(
    value,
    fc.string(),
    fc.stringMatching(/^s[a-z0-9]?=\("[@a-z-]{0,9}"(;[a-z]{2,4}(="[a-z]")?)?\)(;[a-z]{1,7}=[0-9"a-z]{1,5}){0,3}$/),
    fc.stringMatching(/^s[a-z0-9]?=:[A-Za-z0-9+/=]{0,20}:$/),
  )
  fc.assert(
    fc.property(fc.array(text, { maxLength: 3 }), fc.array(text, { maxLength: 3 }), (inputs, signatures) => {
      const rawHeaders = [
        ...inputs.flatMap((one) => ['Signature-Input', one]),
        ...signatures.flatMap((one) => ['Signature', one]),
      ]
      const found = signaturesIn(rawHeaders)
      for (const received of found ?? [])
        expect(
          verifySignature(received, { method: 'GET', url: 'https://a.b/', rawHeaders }, [], course),
        ).toHaveProperty('reason')
    }),
    { numRuns: 500 },
  )
})

test('whatever a component is asked of, its value is one line or none', () => {
  const names = fc.constantFrom(
    '@method',
    '@target-uri',
    '@authority',
    '@path',
    '@query',
    '@query-param',
    '@request-target',
    'x-a',
    'x-b',
  )
  const flags = fc.constantFrom<[string, string | boolean][]>(
    [],
    [['sf', true]],
    [['bs', true]],
    [['key', 'a']],
    [['name', 'a']],
  )
  fc.assert(
    fc.property(names, flags, fc.webUrl({ withQueryParameters: true }), value, (part, parameters, url, text) => {
      const found = componentValue({ method: 'GET', url, rawHeaders: ['X-A', text] }, component(part, parameters))
      if (found !== undefined) expect(found).not.toMatch(/[\r\n]/)
    }),
    { numRuns: 500 },
  )
})

test('a digest is of its body and of no other, however it is cut', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 99 }), fc.uint8Array({ maxLength: 99 }), fc.nat(99), (body, other, cut) => {
      const of = (bytes: Uint8Array) => {
        const check = digestCheck([contentDigest(body)])
        check?.update(bytes.subarray(0, cut))
        check?.update(bytes.subarray(cut))
        return check?.isRight()
      }
      expect(of(body)).toBe(true)
      expect(of(other)).toBe(Buffer.compare(body, other) === 0)
    }),
  )
  fc.assert(fc.property(fc.array(fc.string(), { maxLength: 3 }), (lines) => void digestCheck(lines)?.isRight()))
})
