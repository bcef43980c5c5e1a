import { isAuthError } from '@countersign/http'
import { memoryStore } from '@countersign/store'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { AUDIENCE, encode, ISSUER, mint, NOW, signer } from '../test/mint.ts'
import { derSignature } from './der.ts'
import { importKeys, legacyTokens, localIssuer, verifyJws } from './index.ts'
import { decodeSegment, MAX_TOKEN, parseClaims, parseJws } from './parse.ts'
import {
  formatRefreshToken,
  newHandle,
  newSecret,
  openSuccessor,
  parseRefreshToken,
  sealSuccessor,
} from './refresh-token.ts'

const es = signer('ES256')
const keys = importKeys(es.publicJwk)
const issuer = localIssuer({
  issuer: ISSUER,
  audience: AUDIENCE,
  store: memoryStore(),
  keys: { keys: [es.jwk] },
  clock: () => NOW,
})
const good = es.mint()
await issuer.verify(good)
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const segment = fc.string({ unit: fc.constantFrom(...alphabet, '.', '=', '+', '/', ' ', 'é', '\0'), maxLength: 60 })

test('the parser never throws, whatever comes', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: 'binary' }),
        segment,
        fc.array(segment).map((all) => all.join('.')),
      ),
      (text) => {
        const parsed = parseJws(text)
        return isAuthError(parsed) ? Object.isFrozen(parsed) : parsed.signed.length > 0
      },
    ),
    { numRuns: 5000 },
  )
})

test('nor for any JSON as header and claims', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (header, claims) => {
      const result = verifyJws(`${encode(JSON.stringify(header))}.${encode(JSON.stringify(claims))}.AA`, keys, [
        'ES256',
      ])
      return isAuthError(result)
    }),
  )
})

test('any object signed well is claims or a refusal, and never an exception', () => {
  const names = fc.constantFrom(
    'iss',
    'sub',
    'aud',
    'exp',
    'nbf',
    'iat',
    'jti',
    'sid',
    'scope',
    'roles',
    '~error',
    '__proto__',
  )
  fc.assert(
    fc.property(fc.dictionary(names, fc.jsonValue()), (claims) => {
      const token = es.mint({ claims: { ...claims, iss: ISSUER } })
      return token.length > MAX_TOKEN || isAuthError(issuer.verify(token))
    }),
    { numRuns: 500 },
  )
})

test('a segment is taken when encoding its bytes again gives the very same one, and only then', () => {
  const units = fc.string({
    unit: fc.constantFrom(...alphabet, '.', '=', '+', '/', '~', ' ', '\n', 'é', 'Ł', '😀'),
    maxLength: 12,
  })
  const clean = fc.string({ unit: fc.constantFrom(...alphabet), maxLength: 12 })
  const [head] = good.split('.')
  fc.assert(
    fc.property(fc.oneof(units, clean), (one) => {
      const isCanonical = Buffer.from(one, 'base64url').toString('base64url') === one
      return (
        isAuthError(parseJws(`${head}.${one}.AA`)) === !isCanonical &&
        (/[+/]|[^\x20-\x7e]/.test(one) || (decodeSegment(one) !== undefined) === isCanonical)
      )
    }),
    { numRuns: 20_000 },
  )
})

test('what the parser takes comes back as it went in', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), fc.uint8Array({ maxLength: 80 }), (payload, signature) => {
      const text = mint(() => signature, { claims: payload })
      const parsed = parseJws(text)
      if (isAuthError(parsed)) return false
      expect([...parsed.payload]).toEqual([...payload])
      expect([...(decodeSegment(parsed.signature) ?? [])]).toEqual([...signature])
      return text.startsWith(parsed.signed)
    }),
  )
})

test('claims agree with JSON.parse where it agrees with strictness', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 5 })), (claims) => {
      const parsed = parseClaims(Buffer.from(JSON.stringify(claims)))
      if (isAuthError(parsed)) expect(parsed.reason).toMatch(/prototype|utf8/)
      else expect(parsed.claims).toEqual(JSON.parse(JSON.stringify(claims)))
    }),
  )
})

test('no mutation of a signed token is accepted', () => {
  const mutation = fc.oneof(
    fc.tuple(
      fc.constant('replace'),
      fc.nat(good.length - 1),
      fc.constantFrom(...alphabet, '.', '=', '+', '\n', 'Ł', '\u{1F600}'),
    ),
    fc.tuple(fc.constant('insert'), fc.nat(good.length), fc.constantFrom(...alphabet, '.', '=', ' ', '\t', '\ufeff')),
    fc.tuple(fc.constant('delete'), fc.nat(good.length - 1), fc.constant('')),
  )
  fc.assert(
    fc.property(fc.array(mutation, { minLength: 1, maxLength: 3 }), (mutations) => {
      let token = good
      for (const [kind, at, what] of mutations)
        token = token.slice(0, at) + what + token.slice(kind === 'insert' ? at : at + 1)
      const result = issuer.verify(token)
      return token === good || result === undefined || isAuthError(result)
    }),
    { numRuns: 3000 },
  )
  expect(isAuthError(issuer.verify(good))).toBe(false)
})

test('every single bit of every segment counts', () => {
  for (let at = 0; at < good.length; at++) {
    if (good[at] === '.') continue
    for (let bit = 0; bit < 6; bit++) {
      const other = alphabet[alphabet.indexOf(good[at] as string) ^ (1 << bit)] as string
      const result = issuer.verify(good.slice(0, at) + other + good.slice(at + 1))
      expect(result === undefined || isAuthError(result)).toBe(true)
    }
  }
})

test('r ‖ s becomes minimal DER with the same numbers', () => {
  for (const half of [32, 48, 66]) {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 2 * half, maxLength: 2 * half }),
        fc.nat(half),
        fc.nat(half),
        (raw, r0, s0) => {
          raw.fill(0, 0, r0).fill(0, half, half + s0)
          const der = Buffer.from(derSignature(raw, half))
          const start = der[1] === 0x81 ? 3 : 2
          expect(der.length).toBe(start + (der[start - 1] as number))
          const rEnd = start + 2 + (der[start + 1] as number)
          const numbers = [der.subarray(start + 2, rEnd), der.subarray(rEnd + 2)]
          for (const [index, number] of numbers.entries()) {
            const wanted = BigInt(
              `0x${Buffer.from(raw)
                .subarray(index * half, (index + 1) * half)
                .toString('hex')}`,
            )
            expect(BigInt(`0x${number.toString('hex')}`)).toBe(wanted)
            expect((number[0] as number) < 128).toBe(true)
            if (number.length > 1 && number[0] === 0) expect((number[1] as number) > 127).toBe(true)
          }
        },
      ),
    )
  }
})

test('refresh tokens round-trip, anything else is none', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), fc.string(), (bytes, text) => {
      const token = Buffer.from(bytes).toString('base64url')
      expect(parseRefreshToken(token) !== undefined).toBe(bytes.length === 48)
      expect(parseRefreshToken(text)).toBeUndefined()
    }),
  )
  const token = { handle: newHandle(), secret: newSecret() }
  expect(parseRefreshToken(formatRefreshToken(token))).toEqual(token)
  const successor = newSecret()
  const sealed = sealSuccessor(token, successor)
  expect(openSuccessor(token, sealed)).toEqual(successor)
  expect(() => openSuccessor({ ...token, secret: newSecret() }, sealed)).toThrow()
  expect(() => openSuccessor({ ...token, handle: newHandle() }, sealed)).toThrow()
})

test('a legacy verifier without any expectation never throws either', () => {
  const old = legacyTokens({
    algorithms: ['ES256'],
    key: es.publicJwk,
    issuer: false,
    audience: false,
    type: false,
    clock: () => NOW,
  })
  fc.assert(fc.property(fc.string(), (text) => isAuthError(old.verify(text))))
})
