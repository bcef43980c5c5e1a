/** The JSON Schemas of a document: those that refer to their own parts stand under `components`, so that the references hold. */
export interface Schemas {
  readonly components: Readonly<Record<string, object>>
  /** The schema as it may stand anywhere in the document. */
  place(schema: object): object
  /** A query or the like, taken apart: each property with its schema. `undefined` where it is no list of properties. */
  properties(schema: object): readonly Property[] | undefined
}
export interface Property {
  readonly name: string
  readonly schema: object
  readonly required: boolean
}

const FOLDER = '#/components/schemas/'

export function schemasOf(first: Readonly<Record<string, object>>): Schemas {
  const components: Record<string, object> = { ...first }
  const placed = new Map<object, string>()

  /** Where the schema stands, when it refers to itself. */
  function home(schema: object): string | undefined {
    if (!refersToItself(schema)) return undefined
    const known = placed.get(schema)
    if (known !== undefined) return known
    const name = `Input${placed.size + 1}`
    placed.set(schema, name)
    components[name] = moved(schema, `${FOLDER}${name}`) as object
    return name
  }

  return {
    components,
    place(schema) {
      const name = home(schema)
      return name === undefined ? schema : { $ref: FOLDER + name }
    },
    properties(schema) {
      const { type, properties, required = [], ...rest } = schema as ObjectSchema
      const combined = ['$ref', 'allOf', 'anyOf', 'oneOf', 'if', 'not'].some((word) => word in rest)
      if (type !== 'object' || !properties || combined) return undefined
      const name = home(schema)
      return Object.entries(properties).map(([key, value]) => ({
        name: key,
        schema: (name === undefined ? value : moved(value, FOLDER + name)) as object,
        required: required.includes(key),
      }))
    },
  }
}

interface ObjectSchema {
  readonly type?: unknown
  readonly properties?: Readonly<Record<string, unknown>>
  readonly required?: readonly string[]
}

function refersToItself(schema: unknown): boolean {
  if (typeof schema !== 'object' || schema === null) return false
  return Object.entries(schema).some(([key, value]) =>
    key === '$ref' ? typeof value === 'string' && value.startsWith('#') : refersToItself(value),
  )
}

/** The same schema, its references to itself pointing to where it stands now. */
function moved(schema: unknown, to: string): unknown {
  if (Array.isArray(schema)) return schema.map((one) => moved(one, to))
  if (typeof schema !== 'object' || schema === null) return schema
  return Object.fromEntries(
    Object.entries(schema).map(([key, value]) =>
      key === '$ref' && typeof value === 'string' && value.startsWith('#')
        ? [key, to + value.slice(1)]
        : [key, moved(value, to)],
    ),
  )
}
