/** What `JSON.parse` lets through, or misreads. */
export type JsonFault = 'syntax' | 'duplicate' | 'depth' | 'prototype'

/** The member names of a text, as far as they were read: what the value must agree with. */
export interface JsonNames {
  faultOf(value: unknown): JsonFault | undefined
}

const QUOTE = 34
const BACKSLASH = 92

/**
 * Reads the member names of a JSON text, before `JSON.parse` does. A fault at once for a string without an end, for more than
 * `maxDepth` levels and, where there are escapes, for a name that stands twice in an object or names a prototype.
 */
export function readNames(text: string, maxDepth: number): JsonNames | JsonFault {
  return text.includes('\\') ? readEach(text, maxDepth) : count(text, maxDepth)
}

/**
 * Without escapes the colons outside strings are the members. Of equal names `JSON.parse` keeps one: fewer members in the
 * value than in the text are a duplicate.
 */
function count(text: string, maxDepth: number): JsonNames | JsonFault {
  let names = 0
  let depth = 0
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case QUOTE:
        at = text.indexOf('"', at + 1)
        if (at === -1) return 'syntax'
        break
      case 58: // :
        names++
        break
      case 123: // {
      case 91: // [
        if (depth === maxDepth) return 'depth'
        depth++
        break
      case 125: // }
      case 93: // ]
        depth--
        break
    }
  }
  return names === 0 ? NONE : { faultOf: (value) => compared(countMembers(value), names) }
}

const NONE: JsonNames = { faultOf: () => undefined }
const POISONED = -1

function compared(members: number, names: number): JsonFault | undefined {
  if (members === POISONED) return 'prototype'
  return members === names ? undefined : 'duplicate'
}

/** How many members a value has, with those of its members. */
function countMembers(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  let members = 0
  if (Array.isArray(value)) {
    for (const item of value) {
      const inner = countMembers(item)
      if (inner === POISONED) return POISONED
      members += inner
    }
    return members
  }
  for (const name of Object.keys(value)) {
    const member = (value as Record<string, unknown>)[name]
    if (name === '__proto__' || (name === 'constructor' && hasPrototype(member))) return POISONED
    const inner = countMembers(member)
    if (inner === POISONED) return POISONED
    members += 1 + inner
  }
  return members
}

function hasPrototype(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, 'prototype')
}

/** An object or an array of the text. */
interface Frame {
  /** What stands in it: by name, and for what is no scalar what stands in that. `undefined` in an array. */
  readonly names: Map<string, Frame | undefined> | undefined
  /** What is no scalar in an array, by index. */
  readonly items: Map<number, Frame>
  last: string // the member whose value comes next
  index: number
}

/** Name by name, escapes undone. */
function readEach(text: string, maxDepth: number): JsonNames | JsonFault {
  const frames: Frame[] = []
  let root: Frame | undefined
  let frame: Frame | undefined
  let atName = false
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case QUOTE: {
        const start = at
        at = endOfString(text, at)
        if (at === -1) return 'syntax'
        if (!atName || !frame?.names) break
        const name = unquote(text.slice(start, at + 1))
        if (name === undefined) return 'syntax'
        if (name === '__proto__') return 'prototype'
        if (name === 'prototype' && frames.at(-2)?.last === 'constructor') return 'prototype'
        if (frame.names.has(name)) return 'duplicate'
        frame.names.set(name, undefined)
        frame.last = name
        atName = false
        break
      }
      case 123: // {
      case 91: {
        // [
        if (frames.length === maxDepth) return 'depth'
        atName = text.charCodeAt(at) === 123
        const inner: Frame = { names: atName ? new Map() : undefined, items: new Map(), last: '', index: 0 }
        if (frame?.names) frame.names.set(frame.last, inner)
        else frame?.items.set(frame.index, inner)
        root ??= inner
        frames.push(inner)
        frame = inner
        break
      }
      case 125: // }
      case 93: // ]
        frames.pop()
        frame = frames.at(-1)
        atName = false
        break
      case 44: // ,
        if (frame) frame.index++
        atName = frame?.names !== undefined
        break
    }
  }
  // V8 may take an escaped name for one that it met before (nodejs/node issue 63785): what it read must be what is written.
  return { faultOf: (value) => (isAsWritten(value, root) ? undefined : 'syntax') }
}

function isAsWritten(value: unknown, frame: Frame | undefined): boolean {
  if (!frame) return true
  if (typeof value !== 'object' || value === null) return false
  const read = value as Record<string, unknown>
  if (!frame.names) return [...frame.items].every(([index, inner]) => isAsWritten(read[index], inner))
  if (Object.keys(read).length !== frame.names.size) return false
  return [...frame.names].every(([name, inner]) => Object.hasOwn(read, name) && isAsWritten(read[name], inner))
}

/** The index of the quote that ends the string which starts at `start`, or -1. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1)
  while (end !== -1) {
    let slashes = 0
    while (text.charCodeAt(end - 1 - slashes) === BACKSLASH) slashes++
    if (slashes % 2 === 0) return end
    end = text.indexOf('"', end + 1)
  }
  return -1
}

function unquote(literal: string): string | undefined {
  if (!literal.includes('\\')) return literal.slice(1, -1)
  try {
    return JSON.parse(literal) as string
  } catch {
    return undefined
  }
}
