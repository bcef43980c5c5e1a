import { Ajv, type ErrorObject, type Options } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import { fullFormats } from 'ajv-formats/dist/formats.js'
import { issuesOf } from './issue.ts'
import { isEndless } from './reference.ts'
import { mapSchemas, type SchemaObject, schemasIn } from './subschema.ts'

/** The errors of a value; undefined when there are none. */
export type Check = (value: unknown) => readonly ErrorObject[] | undefined

/** Characters that a text with a `format` may have: several of the regular expressions take quadratic time. */
const FORMAT_LENGTH = 2_048

/** Linear, so of any length; that of ajv-formats takes a text of which only one line is base64. */
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/** Without any $id, and with `addUsedSchema: false`, ajv 8.20 does not find what `$ref: "#"` means. */
const NAMELESS = 'countersign:schema'

const OPTIONS: Options = {
  strict: true,
  strictNumbers: true, // also where `strict` is off: no NaN, no Infinity
  allowUnionTypes: true,
  ownProperties: true,
  messages: false,
  addUsedSchema: false, // two schemas may have the same $id
  logger: false,
}
interface Draft {
  readonly names: readonly unknown[]
  readonly Engine: typeof Ajv | typeof Ajv2020
  first?: Ajv
  all?: Ajv
}
const DRAFTS: readonly Draft[] = [
  { names: [undefined, 'https://json-schema.org/draft/2020-12/schema'], Engine: Ajv2020 },
  { names: ['http://json-schema.org/draft-07/schema', 'http://json-schema.org/draft-07/schema#'], Engine: Ajv },
]

/**
 * Compiles a schema, once. `first` stops at the first error, so its work is bounded by the guards that the schema has
 * (`maxLength` before `pattern`, `maxItems` before `uniqueItems`); `all` goes on, and keeps those guards by rewriting them.
 * Throws a TypeError that names what is wrong with the schema, and where.
 */
export function compileSchema(schema: SchemaObject): { readonly first: Check; readonly all: Check } {
  const draft = DRAFTS.find(({ names }) => names.includes(schema.$schema))
  if (!draft) {
    throw new TypeError('defineSchema: $schema must be draft 2020-12 (or left out) or draft-07; convert other drafts')
  }
  draft.first ??= engineOf(draft.Engine, {})
  draft.all ??= engineOf(draft.Engine, { strict: false, allErrors: true })
  if (draft.first.validateSchema(schema) !== true) {
    const [issue] = issuesOf(draft.first.errors ?? [])
    throw new TypeError(`defineSchema: the schema is invalid: "${issue?.pointer}" ${issue?.detail}`)
  }
  refuseWhatIsUnsafe(schema)
  return {
    first: compileWith(draft.first, schema),
    all: compileWith(draft.all, mapSchemas(schema, guardInside) as SchemaObject),
  }
}

function engineOf(Engine: typeof Ajv | typeof Ajv2020, options: Options): Ajv {
  const engine = new Engine({ ...OPTIONS, ...options }) as Ajv
  formats.default(engine, { mode: 'full', keywords: false })
  for (const [name, format] of Object.entries(fullFormats)) {
    const fits = format instanceof RegExp ? (text: string) => format.test(text) : format
    if (typeof fits === 'function')
      engine.addFormat(name, (text) => text.length <= FORMAT_LENGTH && fits(text) === true)
  }
  return engine.addFormat('byte', BASE64)
}

function compileWith(engine: Ajv, schema: SchemaObject): Check {
  try {
    const validate = engine.compile({ $id: NAMELESS, ...schema })
    return (value) => (validate(value) ? undefined : (validate.errors ?? []))
  } catch (error) {
    throw explain(error as Error & { readonly missingRef?: string }, schema)
  }
}

function explain(error: Error & { readonly missingRef?: string }, schema: SchemaObject): TypeError {
  if (error.missingRef !== undefined) {
    return new TypeError(
      `defineSchema: $ref "${error.missingRef.replace(NAMELESS, '')}" leads nowhere; nothing is loaded: put what it means under $defs`,
      { cause: error },
    )
  }
  const unknown = /unknown keyword: "(.+)"/.exec(error.message)?.[1]
  const place = unknown === undefined ? '' : ` at "${placeOf(unknown, schema)}"`
  const message = error.message
    .replace('strict mode: ', '')
    .replace('ignored in schema at path', 'at')
    .replace(NAMELESS, '')
  return new TypeError(`defineSchema: ${message}${place}`, { cause: error })
}

function placeOf(keyword: string, schema: SchemaObject): string {
  return [...schemasIn(schema)].find(([each]) => Object.hasOwn(each, keyword))?.[1] ?? ''
}

/** What ajv would let pass, or would trip over at a request. */
function refuseWhatIsUnsafe(root: SchemaObject): void {
  for (const [schema, pointer] of schemasIn(root)) {
    if (schema.uniqueItems === true && typeof schema.maxItems !== 'number') {
      throw new TypeError(
        `defineSchema: uniqueItems at "${pointer}" needs maxItems beside it: it compares each item with each`,
      )
    }
    if (schema.$async !== undefined)
      throw new TypeError(`defineSchema: $async at "${pointer}": schemas are synchronous`)
    for (const pattern of [schema.pattern ?? [], Object.keys(schema.patternProperties ?? {})].flat()) {
      try {
        new RegExp(String(pattern), 'u')
      } catch (error) {
        throw new TypeError(`defineSchema: a pattern at "${pointer}" is no regular expression`, { cause: error })
      }
    }
    if (isEndless(schema, root)) throw new TypeError(`defineSchema: the schema at "${pointer}" leads only to itself`)
  }
}

/** Makes the costly keywords of a schema run only where the cheap ones beside them hold, as they do without `allErrors`. */
function guardInside(schema: SchemaObject): SchemaObject {
  const { pattern, format, uniqueItems, ...rest } = schema
  const { maxLength, maxItems, allOf } = schema
  const text: SchemaObject = { ...(pattern !== undefined && { pattern }), ...(format !== undefined && { format }) }
  const guarded: SchemaObject[] = []
  if (maxLength === undefined) Object.assign(rest, text)
  else guarded.push({ if: { not: { maxLength } }, else: text })
  if (uniqueItems === true) guarded.push({ if: { not: { maxItems } }, else: { uniqueItems } })
  return guarded.length === 0 ? rest : { ...rest, allOf: [...(Array.isArray(allOf) ? allOf : []), ...guarded] }
}
