/**
 * Checks the names of options when something is made: a misspelled one would be ignored, and what it was to guard with
 * it. Throws a TypeError that names the maker, the unknown option and those there are. `undefined` stands for `{}`.
 */
export function checkOptions(maker: string, options: unknown, known: readonly string[]): void {
  if (options === undefined) return
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new TypeError(`${maker} takes its options as an object with ${known.join(', ')}`)
  }
  const unknown = Object.keys(options).find((name) => !known.includes(name))
  if (unknown !== undefined) throw new TypeError(`${maker} has no option "${unknown}": there are ${known.join(', ')}`)
}
