import { type Item, isInnerList, type Parameters, parseDictionary } from 'structured-headers'
import { linesOf } from './component.ts'
import { identifierOf } from './signature-base.ts'

/** One signature as a message carries it. Nothing of it is verified. */
export interface Received {
  readonly label: string
  readonly components: readonly Item[]
  readonly parameters: Parameters
  readonly signature: Uint8Array
}

/** Bounds of what a stranger may make this look at. */
const FIELD = 16_384
const LABELS = 8
const COMPONENTS = 32

/**
 * The signatures in `Signature-Input` and `Signature` (RFC 9421 section 4). None: an empty list. `undefined`: malformed, one field
 * without the other, a component twice, more than 8 signatures or 32 components.
 */
export function signaturesIn(rawHeaders: readonly string[]): readonly Received[] | undefined {
  const [inputs, signatures] = [linesOf(rawHeaders, 'signature-input'), linesOf(rawHeaders, 'signature')]
  if (inputs.length === 0 && signatures.length === 0) return []
  try {
    const described = dictionaryIn(inputs)
    const bytes = dictionaryIn(signatures)
    if (described.size === 0 || described.size > LABELS || described.size !== bytes.size) return undefined
    const received: Received[] = []
    for (const [label, member] of described) {
      const signature = bytes.get(label)?.[0]
      if (!isInnerList(member) || !(signature instanceof ArrayBuffer)) return undefined
      const [components, parameters] = member
      if (components.length > COMPONENTS || components.some(([name]) => typeof name !== 'string')) return undefined
      if (new Set(components.map(identifierOf)).size !== components.length) return undefined
      received.push({ label, components, parameters, signature: new Uint8Array(signature) })
    }
    return received
  } catch {
    return undefined
  }
}

function dictionaryIn(lines: readonly string[]) {
  const text = lines.join(', ')
  if (text.length > FIELD) throw new RangeError('too long')
  return parseDictionary(text)
}
