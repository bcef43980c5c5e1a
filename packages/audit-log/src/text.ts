const PLAIN = /^[\x20-\x7e]*$/
/** Control and format characters, line ends that JSON leaves as they are, characters that turn the direction of writing. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu
const WORD = /^[\w.:-]{1,64}$/

/** Text as a log may show it: bounded, and what could forge or hide a line is escaped. `undefined` for all that is no text. */
export function printable(value: unknown, most = 256): string | undefined {
  if (typeof value !== 'string' || value === '') return undefined
  const cut = value.length > most ? value.slice(0, most) : value
  if (PLAIN.test(cut)) return cut
  return cut
    .toWellFormed()
    .replace(UNPRINTABLE, (character) => encodeURIComponent(character))
    .slice(0, most)
    .toWellFormed()
}

/** A stable name, such as `token.expired`: free text, which may quote what was sent, is none. */
export function word(value: unknown): string | undefined {
  return typeof value === 'string' && WORD.test(value) ? value : undefined
}
