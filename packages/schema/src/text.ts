import type { Issue } from '@countersign/http'
import { memberPointer } from './issue.ts'
import { flatten } from './reference.ts'
import { isObject, type SchemaObject } from './subschema.ts'

/** What texts become: by the types that a schema declares for a member. */
interface Kind {
  readonly types: ReadonlySet<string>
  /** Of the items, where arrays are allowed. */
  readonly items: Kind | undefined
}

/** What a value converted from text is, and the members that were given more often than they may be. */
export interface Converted {
  readonly value: unknown
  readonly repeated: readonly Issue[]
}

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/ // RFC 8259 §6

/**
 * Makes the conversion for a schema of query or path parameters. A text becomes a number or a boolean only where the schema
 * declares that and not text, and only in the grammar of JSON; one text for a declared array becomes its only item.
 */
export function textConverter(root: SchemaObject): (values: unknown) => Converted {
  const flat = [...flatten(root, root)]
  const declared = new Map<string, Kind>()
  for (const name of new Set(flat.flatMap(({ properties }) => Object.keys(properties ?? {})))) {
    declared.set(
      name,
      kindOf(
        flat.map(({ properties }) => (properties as SchemaObject | undefined)?.[name]),
        root,
      ),
    )
  }
  const others = kindOf(
    flat.map(({ additionalProperties }) => additionalProperties),
    root,
  )

  return (values) => {
    if (values === undefined) return { value: Object.create(null), repeated: [] }
    if (!isObject(values)) return { value: values, repeated: [] }
    const value: Record<string, unknown> = Object.create(null)
    const repeated: Issue[] = []
    for (const [name, given] of Object.entries(values)) {
      if (given === undefined) continue // an optional path parameter that is not there
      const kind = declared.get(name) ?? others
      value[name] = convert(given, kind)
      const isScalar = kind.types.size > 0 && !kind.types.has('array')
      if (isScalar && Array.isArray(given)) {
        repeated.push(Object.freeze({ pointer: memberPointer(name), detail: 'must be given once' }))
      }
    }
    return { value, repeated }
  }
}

function convert(given: unknown, { types, items }: Kind): unknown {
  if (typeof given === 'string') {
    const scalar = convertText(given, types)
    const isArray = types.has('array') && typeof scalar === 'string' && !types.has('string')
    return isArray ? [items ? convertText(given, items.types) : given] : scalar
  }
  return Array.isArray(given) && items ? given.map((each) => convert(each, items)) : given
}

function convertText(text: string, types: ReadonlySet<string>): unknown {
  if (types.has('string')) return text
  if (types.has('boolean') && (text === 'true' || text === 'false')) return text === 'true'
  if ((types.has('number') || types.has('integer')) && NUMBER.test(text)) {
    const number = Number(text)
    const isExact = Number.isSafeInteger(number) || !Number.isInteger(number)
    // 12345678901234567890 would become another number
    if (isExact || types.has('number')) return number
  }
  return text
}

function kindOf(schemas: readonly unknown[], root: SchemaObject, isItem = false): Kind {
  const flat = schemas.filter(isObject).flatMap((schema) => [...flatten(schema, root)])
  const types = new Set<string>()
  for (const schema of flat) {
    for (const type of [schema.type ?? []].flat()) types.add(String(type))
    if (schema.type !== undefined) continue
    for (const value of [
      ...(Array.isArray(schema.enum) ? schema.enum : []),
      ...('const' in schema ? [schema.const] : []),
    ]) {
      types.add(typeof value)
    }
  }
  const items = flat.map((schema) => schema.items).filter(isObject)
  return { types, items: items.length === 0 || isItem ? undefined : kindOf(items, root, true) }
}
