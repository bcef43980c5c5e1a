/** Levels that a schema may nest: far beyond what anyone writes, far below what overflows a stack. */
const DEPTH = 100

/**
 * A deep-frozen copy of what a developer passed as schema, so that changing the original later changes nothing. Throws a
 * TypeError for what is not plain JSON: functions, dates, cycles, and names that stand for a prototype.
 */
export function frozenCopy(value: unknown, pointer = '', depth = 0): unknown {
  if (value === null || typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value)) return value
  if (typeof value !== 'object' || depth > DEPTH) throw notPlain(pointer)
  if (Array.isArray(value)) {
    return Object.freeze(value.map((item, index) => frozenCopy(item, `${pointer}/${index}`, depth + 1)))
  }
  const prototype: unknown = Object.getPrototypeOf(value)
  // `{ __proto__: … }` in a literal sets the prototype; from JSON.parse it is a member
  if ((prototype !== Object.prototype && prototype !== null) || Object.hasOwn(value, '__proto__'))
    throw notPlain(pointer)
  const copy: Record<string, unknown> = {}
  for (const [name, member] of Object.entries(value)) {
    if (member !== undefined) copy[name] = frozenCopy(member, `${pointer}/${escapeSegment(name)}`, depth + 1)
  }
  return Object.freeze(copy)
}

/** One segment of a JSON Pointer (RFC 6901 §3). */
export function escapeSegment(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1')
}

function notPlain(pointer: string): TypeError {
  return new TypeError(
    `defineSchema: what is at "${pointer}" is not plain JSON; use objects, arrays, strings, numbers, booleans and null, ` +
      'no cycle, and no member named __proto__',
  )
}
