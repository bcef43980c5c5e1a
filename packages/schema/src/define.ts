import type { Checked, Issue, Schema } from '@countersign/http'
import type { FromSchema, JSONSchema } from 'json-schema-to-ts'
import { compileSchema } from './compile.ts'
import { findHazard, isSmall } from './hazard.ts'
import { issuesOf } from './issue.ts'
import { frozenCopy } from './plain.ts'
import type { StandardProps } from './standard.ts'
import { isObject, type SchemaObject } from './subschema.ts'
import { textConverter } from './text.ts'

/** A compiled JSON Schema: what `validate` of the adapters takes, and any library that knows Standard Schema. */
export interface DefinedSchema<T> extends Schema<T> {
  /** The JSON Schema, deep-frozen: for documents, and for building others. */
  readonly schema: Readonly<Record<string, unknown>>
  /** `{ value }`, the same object, typed; or `{ issues }`, at most ten. Converts, removes and adds nothing. Never throws. */
  validate(value: unknown): Checked<T>
  /** The same for query or path parameters: a copy, in which texts are numbers, booleans and arrays where declared. */
  validateText(values: unknown): Checked<T>
  readonly '~standard': StandardProps<T>
}

/** A JSON Schema as an object; keywords newer than its type knows are let through to the compiler, which is strict. */
export type JsonSchema = Exclude<JSONSchema, boolean> & Readonly<Record<string, unknown>>

/** What was stated, or what can be inferred: nothing from a schema whose own type says nothing. */
type TypeFor<T, S extends JsonSchema> = [T] extends [never] ? ([JsonSchema] extends [S] ? unknown : Inferred<S>) : T
/** Keeps inference from walking into a type that is not known yet: minutes, where a call stands inside another. */
type Settled<T> = [T] extends [infer U] ? U : never
type Inferred<S extends JsonSchema> = [S] extends [never] ? unknown : FromSchema<S>

/** Not `Object.prototype`: Fastify rewrites header schemas that have it, and then passes on the copy. */
const PROTOTYPE = Object.freeze({})

/**
 * Compiles a JSON Schema (draft 2020-12, or 07 when `$schema` says so) in ajv's strict mode and infers the type of what it
 * lets pass; `defineSchema<T>(…)` states the type instead. Throws a TypeError, naming the place, for a schema that
 * is invalid, has keywords or formats nobody knows, refers outside itself, or has `uniqueItems` without `maxItems`.
 */
export function defineSchema<T = never, const S extends JsonSchema = JsonSchema>(
  schema: S,
): DefinedSchema<Settled<TypeFor<T, S>>>
export function defineSchema(schema: SchemaObject): DefinedSchema<unknown> {
  if (!isObject(schema)) throw new TypeError('defineSchema: schema must be an object, such as { type: "object" }')
  const frozen = frozenCopy(schema) as SchemaObject
  const { first, all } = compileSchema(frozen)
  const convert = textConverter(frozen)

  function validate(value: unknown): Checked<unknown> {
    const hazard = findHazard(value)
    return hazard ? { issues: [hazard] } : check(value)
  }

  function check(value: unknown): Checked<unknown> {
    const errors = first(value)
    return errors ? { issues: issuesOf((isSmall(value) && all(value)) || errors) } : { value }
  }

  return Object.freeze({
    __proto__: PROTOTYPE,
    schema: frozen,
    validate,

    validateText(values: unknown): Checked<unknown> {
      const hazard = findHazard(values)
      if (hazard) return { issues: [hazard] }
      const { value, repeated } = convert(values)
      const checked = check(value)
      return repeated.length === 0 ? checked : { issues: merge(repeated, checked.issues) }
    },

    '~standard': Object.freeze({
      version: 1 as const,
      vendor: 'countersign' as const,
      validate(value: unknown) {
        const checked = validate(value)
        if (!checked.issues) return checked
        return { issues: checked.issues.map(({ pointer, detail }) => ({ message: detail, path: pathOf(pointer) })) }
      },
    }),
  })
}

/** What is repeated, then what else is wrong elsewhere. */
function merge(repeated: readonly Issue[], others: readonly Issue[] = []): readonly Issue[] {
  const isElsewhere = ({ pointer }: Issue) =>
    !repeated.some((each) => pointer === each.pointer || pointer.startsWith(`${each.pointer}/`))
  return [...repeated, ...others.filter(isElsewhere)].slice(0, 10)
}

function pathOf(pointer: string): readonly string[] {
  const segments = pointer.split('/').slice(1)
  return segments.map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'))
}
