import { isObject, type SchemaObject } from './subschema.ts'

/** A schema and those that apply to the same value: behind a local `$ref`, in `allOf`, `anyOf`, `oneOf`, `then`, `else`. */
export function* flatten(
  schema: SchemaObject,
  root: SchemaObject,
  seen = new Set<SchemaObject>(),
): Generator<SchemaObject> {
  if (seen.has(schema)) return
  seen.add(schema)
  yield schema
  for (const each of besides(schema, root)) yield* flatten(each, root, seen)
}

/** True for a schema that leads to itself without going into the value: checking it would never end. */
export function isEndless(schema: SchemaObject, root: SchemaObject): boolean {
  const inner = [schema.not, schema.if].filter(isObject)
  return [...besides(schema, root), ...inner].some((each) => [...flatten(each, root)].includes(schema))
}

function besides(schema: SchemaObject, root: SchemaObject): readonly SchemaObject[] {
  const lists = [schema.allOf, schema.anyOf, schema.oneOf].filter(Array.isArray).flat()
  return [...lists, schema.then, schema.else, resolve(schema.$ref, root)].filter(isObject)
}

/** What a `$ref` into the same schema (`#/$defs/id`) means; undefined for others, whose texts are not converted. */
function resolve(ref: unknown, root: SchemaObject): unknown {
  if (typeof ref !== 'string' || !/^#(?:\/|$)/.test(ref)) return undefined
  let place: unknown = root
  for (const segment of decoded(ref).split('/').slice(1)) {
    const name = segment.replaceAll('~1', '/').replaceAll('~0', '~')
    place =
      typeof place === 'object' && place !== null && Object.hasOwn(place, name)
        ? (place as SchemaObject)[name]
        : undefined
  }
  return place
}

function decoded(ref: string): string {
  try {
    return decodeURIComponent(ref)
  } catch {
    return ref
  }
}
