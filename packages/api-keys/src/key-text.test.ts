import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { apiKeyPattern } from './index.ts'
import { newKeyId, newSecret, randomBase62, readKey, writeKey } from './key-text.ts'

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const base62 = (length: number) =>
  fc.array(fc.constantFrom(...ALPHABET), { minLength: length, maxLength: length }).map((all) => all.join(''))
const prefix = fc.stringMatching(/^[a-z][a-z0-9]{0,9}(_[a-z0-9]{1,6}){0,2}$/)
const parts = fc.record({ id: base62(16), secret: base62(32) })

/** The checksum again, by another way: the six base62 digits of CRC-32. */
function checked(text: string): string {
  const value = crc32(text)
  return text + [5, 4, 3, 2, 1, 0].map((place) => ALPHABET[Math.floor(value / 62 ** place) % 62]).join('')
}

describe('the text of a key', () => {
  it('is a prefix, 16 characters of id, 32 of secret and 6 of CRC-32', () => {
    // python3 -c "import zlib; print(zlib.crc32(b'acme_' + b'0'*16 + b'z'*32))" gives 3264268967, in base62 3YuXTT
    expect(writeKey('acme', { id: '0'.repeat(16), secret: 'z'.repeat(32) })).toBe(
      `acme_${'0'.repeat(16)}${'z'.repeat(32)}3YuXTT`,
    )
  })

  it('comes back as it was written, and matches the published pattern alone and in a text', () => {
    fc.assert(
      fc.property(prefix, parts, (name, key) => {
        const text = writeKey(name, key)
        expect(readKey(name, text)).toEqual(key)
        expect(apiKeyPattern(name).exec(`{"token":"${text}"}`)?.[0]).toBe(text)
        expect(apiKeyPattern(name).test(`${text}x`) || apiKeyPattern(name).test(`x${text}`)).toBe(false)
      }),
    )
  })

  it('is refused with any one character changed, by its checksum', () => {
    const text = writeKey('acme', { id: newKeyId(), secret: newSecret() })
    for (let at = 0; at < text.length; at++) {
      for (const other of `${ALPHABET}_- é\0\n`) {
        if (other !== text[at]) expect(readKey('acme', text.slice(0, at) + other + text.slice(at + 1))).toBeUndefined()
      }
    }
  })

  it('is refused cut, extended, in other case, with two neighbours swapped, or under another prefix', () => {
    const text = writeKey('acme', { id: newKeyId(), secret: newSecret() })
    const swapped = (at: number) => text.slice(0, at) + text[at + 1] + text[at] + text.slice(at + 2)
    const wrong = [
      text.slice(0, -1),
      text.slice(1),
      `${text}0`,
      ` ${text}`,
      `${text}\n`,
      text.toUpperCase(),
      text.toLowerCase(),
    ]
    for (let at = 5; at < text.length - 1; at++) if (text[at] !== text[at + 1]) wrong.push(swapped(at))
    for (const one of wrong) expect(readKey('acme', one)).toBeUndefined()
    expect(readKey('acme_live', text)).toBeUndefined()
  })

  it('is refused with a right checksum under what is no key: another prefix, separator or alphabet', () => {
    const rest = 'A'.repeat(48)
    expect(readKey('acme', checked(`acme_${rest}`))).toBeDefined()
    for (const text of [
      `beta_${rest}`,
      `acme-${rest}`,
      `acme_:${rest.slice(1)}`,
      `acme_é${rest.slice(1)}`,
      `acme_${rest.slice(1)}\0`,
    ]) {
      expect(readKey('acme', checked(text))).toBeUndefined()
    }
  })

  it('is never thrown at: any text and any value is read or refused', () => {
    fc.assert(fc.property(fc.anything(), (value) => void expect(readKey('acme', value)).toBeUndefined()))
    const near = fc.tuple(fc.constantFrom('acme_', 'acme-', 'acme'), fc.string({ minLength: 50, maxLength: 60 }))
    fc.assert(fc.property(near, ([start, rest]) => void expect(readKey('acme', start + rest)).toBeUndefined()))
  })
})

describe('randomBase62', () => {
  it('throws away the bytes that would make the first characters likelier', () => {
    const bytes = Uint8Array.from([248, 255, 0, 61, 62, 247, 249])
    expect(randomBase62(4, () => bytes)).toBe('0z0z')
  })

  it('draws every character equally often (chi-square over 620,000 draws, 61 degrees of freedom)', () => {
    const counts = new Map<string, number>()
    for (const character of randomBase62(620_000)) counts.set(character, (counts.get(character) ?? 0) + 1)
    expect(counts.size).toBe(62)
    const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0)
    // 61 expected, 150 once in 10^9 runs; a remainder instead of a rejection gives about 4,000.
    expect(chiSquare).toBeLessThan(150)
  })

  it('gives a secret of at least 190 bits', () => {
    expect(newSecret().length * Math.log2(62)).toBeGreaterThanOrEqual(190)
  })
})

describe('apiKeyPattern', () => {
  it.each([
    ['Acme'],
    ['acme_'],
    ['_acme'],
    ['ac__me'],
    ['1acme'],
    ['a-b'],
    ['a.*'],
    [''],
    ['a'.repeat(33)],
    [undefined],
  ])('refuses the prefix %j', (name) => {
    expect(() => apiKeyPattern(name as string)).toThrow('Try "acme" or "acme_live"')
  })

  it('is in the common subset of JavaScript, PCRE and RE2: no look-around, no flags', () => {
    expect(apiKeyPattern('acme_live').source).toBe('\\bacme_live_[0-9A-Za-z]{54}\\b')
    expect(apiKeyPattern('acme_live').flags).toBe('')
  })
})
