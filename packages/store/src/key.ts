/** What a key may be: 1 to 1024 characters that every engine can hold as text. */
export function isKey(key: string): boolean {
  return key.length > 0 && key.length <= 1024 && isText(key)
}

/** Text that comes back as it went in from every engine: no lone surrogate (UTF-8), no U+0000 (PostgreSQL). */
export function isText(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0')
}

/** The order of keys: by code point, as UTF-8 bytes sort. (`<` would put U+1F600 before U+FF5E.) */
export function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const left = a.charCodeAt(i)
    const right = b.charCodeAt(i)
    if (left !== right) return lift(left) - lift(right)
  }
  return a.length - b.length
}

/** Puts surrogates behind all other code units, where the code points that they stand for belong. */
function lift(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit
}

/** The first key behind all that start with `prefix`; undefined when nothing can be behind them. */
export function endOf(prefix: string): string | undefined {
  const points = Array.from(prefix)
  for (let last = points.pop(); last !== undefined; last = points.pop()) {
    const next = last.codePointAt(0)! + 1
    if (next <= 0x10ffff) return points.join('') + String.fromCodePoint(next === 0xd800 ? 0xe000 : next)
  }
  return undefined
}

/** Behind every key: as many of the last code point as no key can hold. */
export const END = '\u{10FFFF}'.repeat(513)
