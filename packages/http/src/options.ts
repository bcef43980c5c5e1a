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
  if (unknown === undefined) return
  const meant = known.find((name) => isNear(unknown.toLowerCase(), name.toLowerCase()))
  const hint = meant === undefined ? '' : `; did you mean "${meant}"?`
  throw new TypeError(`${maker} has no option "${unknown}": there are ${known.join(', ')}${hint}`)
}

/** Whether they differ in one place of at most two letters. */
function isNear(one: string, other: string): boolean {
  if (one === other) return true
  if (Math.min(one.length, other.length) < 4 || Math.abs(one.length - other.length) > 2) return false
  let start = 0
  while (start < one.length && one[start] === other[start]) start++
  let end = 0
  while (end < Math.min(one.length, other.length) - start && one.at(-1 - end) === other.at(-1 - end)) end++
  return Math.max(one.length, other.length) - start - end <= 2
}
