import { type Item, type Parameters, serializeInnerList, serializeItem } from 'structured-headers'
import { type Covered, componentValue } from './component.ts'

/** A component as it is named in a signature: `"@method"`, `"signature";req;key="sig"`. Its parameters in one order. */
export function identifierOf([name, parameters]: Item): string {
  return serializeItem([name, new Map([...parameters].toSorted(([one], [other]) => (one < other ? -1 : 1)))])
}

/** The bytes that are signed (RFC 9421 section 2.5), as Latin-1; or the component that this message has no one value for. */
export function signatureBase(
  message: Covered,
  components: readonly Item[],
  parameters: Parameters,
): { readonly base: string } | { readonly missing: string } {
  const lines: string[] = []
  for (const component of components) {
    const value = componentValue(message, component)
    if (value === undefined || !/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) return { missing: identifierOf(component) }
    lines.push(`${serializeItem(component)}: ${value}`)
  }
  lines.push(`"@signature-params": ${serializeInnerList([[...components], parameters])}`)
  return { base: lines.join('\n') }
}
