import { escapeSegment } from './plain.ts'

export type SchemaObject = Readonly<Record<string, unknown>>

/** Where a JSON Schema holds others: as one, in a list, or by name. Everything else is data or annotation. */
const ONE = [
  'additionalItems',
  'additionalProperties',
  'contains',
  'contentSchema',
  'else',
  'if',
  'items',
  'not',
  'propertyNames',
  'then',
  'unevaluatedItems',
  'unevaluatedProperties',
]
const LIST = ['allOf', 'anyOf', 'items', 'oneOf', 'prefixItems']
const NAMED = ['$defs', 'definitions', 'dependencies', 'dependentSchemas', 'patternProperties', 'properties']

/** A schema and all inside it, each with its pointer. */
export function* schemasIn(schema: unknown, pointer = ''): Generator<readonly [schema: SchemaObject, pointer: string]> {
  if (!isObject(schema)) return
  yield [schema, pointer]
  for (const keyword of ONE) yield* schemasIn(schema[keyword], `${pointer}/${keyword}`)
  for (const keyword of [...LIST, ...NAMED]) {
    const inside = schema[keyword]
    if (!Array.isArray(inside) && !(isObject(inside) && NAMED.includes(keyword))) continue
    for (const [name, each] of Object.entries(inside)) {
      yield* schemasIn(each, `${pointer}/${keyword}/${escapeSegment(name)}`)
    }
  }
}

/** A schema with `change` made to it and to every schema inside it, innermost first. Data (`enum`, `default`) stays. */
export function mapSchemas(schema: unknown, change: (schema: SchemaObject) => SchemaObject): unknown {
  if (!isObject(schema)) return schema
  const mapped: Record<string, unknown> = { ...schema }
  for (const keyword of ONE) {
    if (isObject(schema[keyword])) mapped[keyword] = mapSchemas(schema[keyword], change)
  }
  for (const keyword of LIST) {
    const list = schema[keyword]
    if (Array.isArray(list)) mapped[keyword] = list.map((item) => mapSchemas(item, change))
  }
  for (const keyword of NAMED) {
    const named = schema[keyword]
    if (!isObject(named)) continue
    mapped[keyword] = Object.fromEntries(Object.entries(named).map(([name, each]) => [name, mapSchemas(each, change)]))
  }
  return change(mapped)
}

export function isObject(value: unknown): value is SchemaObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
