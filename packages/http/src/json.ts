import { type AuthError, authError } from './error.ts'

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

const NOT_UTF8 = authError('invalid_request', 'json.utf8', { detail: 'The body is not UTF-8.' })
const BOM = authError('invalid_request', 'json.bom', { detail: 'The body starts with a byte order mark.' })
const SYNTAX = authError('invalid_request', 'json.syntax', { detail: 'The body is not JSON.' })
const DUPLICATE = authError('invalid_request', 'json.duplicate', {
  detail: 'An object in the body has a member twice.',
})
const DEPTH = authError('invalid_request', 'json.depth', { detail: 'The body is nested too deeply.' })
const POISON = authError('invalid_request', 'json.prototype', { detail: 'The body names a prototype.' })

const QUOTE = 34
const BACKSLASH = 92

/**
 * Parses JSON strictly (RFC 8259 with RFC 7493's unique names): fatal UTF-8, no byte order mark, no duplicate
 * member names, at most `depth` levels (64). Refuses `__proto__` members and `constructor.prototype`, with
 * `invalid_request`. Never throws.
 */
export function parseJson(
  bytes: Uint8Array,
  limits?: { readonly depth?: number },
): { readonly value: unknown } | AuthError {
  let text: string
  try {
    text = decoder.decode(bytes)
  } catch {
    return NOT_UTF8
  }
  if (text.charCodeAt(0) === 0xfeff) return BOM
  const fault = findFault(text, limits?.depth ?? 64)
  if (fault) return fault
  try {
    return { value: JSON.parse(text) }
  } catch {
    return SYNTAX
  }
}

interface Frame {
  readonly names: Set<string> | undefined // undefined in an array
  last: string // the member whose value comes next
}

/** What `JSON.parse` lets through: duplicate names, endless nesting, names that poison prototypes. Runs before it. */
function findFault(text: string, maxDepth: number): AuthError | undefined {
  const frames: Frame[] = []
  let frame: Frame | undefined
  let atName = false
  for (let i = 0; i < text.length; i++) {
    switch (text.charCodeAt(i)) {
      case QUOTE: {
        const start = i
        i = endOfString(text, i)
        if (i === -1) return SYNTAX
        if (atName && frame?.names) {
          const name = unquote(text.slice(start, i + 1))
          if (name === undefined) return SYNTAX
          if (name === '__proto__') return POISON
          if (name === 'prototype' && frames.at(-2)?.last === 'constructor') return POISON
          if (frame.names.has(name)) return DUPLICATE
          frame.names.add(name)
          frame.last = name
          atName = false
        }
        break
      }
      case 123: // {
      case 91: // [
        if (frames.length === maxDepth) return DEPTH
        atName = text.charCodeAt(i) === 123
        frame = { names: atName ? new Set() : undefined, last: '' }
        frames.push(frame)
        break
      case 125: // }
      case 93: // ]
        frames.pop()
        frame = frames.at(-1)
        atName = false
        break
      case 44: // ,
        atName = frame?.names !== undefined
        break
    }
  }
  return undefined
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
