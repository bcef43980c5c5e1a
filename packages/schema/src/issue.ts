import type { Issue } from '@countersign/http'
import type { ErrorObject } from 'ajv'
import { escapeSegment } from './plain.ts'

/** Issues that are reported of one value. */
const ISSUES = 10
/** Characters of a name that the client sent, in a pointer. */
const NAME = 100
const POINTER = 400

type Params = Readonly<Record<string, unknown>>

const TYPES: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
  object: 'an object',
  array: 'an array',
  null: 'null',
}
const COMPARISONS: Readonly<Record<string, string>> = {
  '>=': 'at least',
  '>': 'more than',
  '<=': 'at most',
  '<': 'less than',
}

/** What to say of each keyword: what the developer's schema expects, never what the client sent. */
const DETAIL: Readonly<Record<string, (params: Params) => string>> = {
  type: ({ type }) =>
    `must be ${[type]
      .flat()
      .map((each) => TYPES[String(each)] ?? each)
      .join(' or ')}`,
  required: () => 'is required',
  dependentRequired: ({ property }) => `is required beside ${quote(property)}`,
  dependencies: ({ property }) => `is required beside ${quote(property)}`,
  additionalProperties: () => 'is not known here',
  unevaluatedProperties: () => 'is not known here',
  propertyNames: () => 'is not a name that is allowed here',
  minLength: ({ limit }) => (limit === 1 ? 'must not be empty' : `must have at least ${count(limit, 'character')}`),
  maxLength: ({ limit }) => `must have at most ${count(limit, 'character')}`,
  minItems: ({ limit }) => (limit === 1 ? 'must not be empty' : `must have at least ${count(limit, 'item')}`),
  maxItems: ({ limit }) => `must have at most ${count(limit, 'item')}`,
  items: ({ limit }) => `must have at most ${count(limit, 'item')}`,
  additionalItems: ({ limit }) => `must have at most ${count(limit, 'item')}`,
  unevaluatedItems: ({ len }) => `must have at most ${count(len, 'item')}`,
  uniqueItems: () => 'must not have an item twice',
  contains: ({ minContains, maxContains }) =>
    `must have at least ${count(minContains, 'item')}${maxContains === undefined ? '' : ` and at most ${maxContains}`} of a certain form`,
  minProperties: ({ limit }) => (limit === 1 ? 'must not be empty' : `must have at least ${count(limit, 'member')}`),
  maxProperties: ({ limit }) => `must have at most ${count(limit, 'member')}`,
  minimum: compare,
  maximum: compare,
  exclusiveMinimum: compare,
  exclusiveMaximum: compare,
  multipleOf: ({ multipleOf }) => `must be a multiple of ${multipleOf}`,
  pattern: ({ pattern }) => `must match ${quote(pattern)}`,
  format: ({ format }) => `must have the format ${quote(format)}`,
  enum: ({ allowedValues }) => `must be ${listed(allowedValues as readonly unknown[])}`,
  const: ({ allowedValue }) => `must be ${quote(allowedValue)}`,
  anyOf: () => 'must have one of the forms that are allowed here',
  oneOf: () => 'must have exactly one of the forms that are allowed here',
  not: () => 'must not have the form that is excluded here',
  'false schema': () => 'is not allowed here',
}

/** The param that names a member, for keywords whose issue is about that member. */
const MEMBER: Readonly<Record<string, string>> = {
  required: 'missingProperty',
  dependentRequired: 'missingProperty',
  dependencies: 'missingProperty',
  additionalProperties: 'additionalProperty',
  unevaluatedProperties: 'unevaluatedProperty',
  propertyNames: 'propertyName',
}

/** Keywords whose branches each leave errors of their own: only that none fits is said. */
const CHOICES: ReadonlySet<string> = new Set(['anyOf', 'oneOf', 'contains'])

/** The first ten issues, each once. */
export function issuesOf(errors: readonly ErrorObject[]): readonly Issue[] {
  const choices = errors.filter(({ keyword }) => CHOICES.has(keyword))
  const issues = new Map<string, Issue>()
  for (const error of errors) {
    if (error.keyword === 'if' || (error.propertyName !== undefined && error.keyword !== 'propertyNames')) continue
    if (choices.some(({ schemaPath }) => error.schemaPath.startsWith(`${schemaPath}/`))) continue
    const pointer = pointerOf(error)
    const detail = DETAIL[error.keyword]?.(error.params) ?? 'does not fit its schema'
    issues.set(`${pointer} ${detail}`, Object.freeze({ pointer, detail }))
    if (issues.size === ISSUES) break
  }
  return Object.freeze([...issues.values()])
}

/** The pointer of a member of the value itself. */
export function memberPointer(name: string): string {
  const short = name.length > NAME ? `${name.slice(0, NAME - 1)}…` : name
  return `/${escapeSegment(short.toWellFormed())}`
}

function pointerOf({ keyword, instancePath, params }: ErrorObject): string {
  const member = MEMBER[keyword]
  const path = instancePath.length > POINTER ? `${instancePath.slice(0, POINTER - 1)}…` : instancePath
  return path.toWellFormed() + (member === undefined ? '' : memberPointer(String((params as Params)[member])))
}

function compare({ comparison, limit }: Params): string {
  return `must be ${COMPARISONS[String(comparison)]} ${limit}`
}

function count(limit: unknown, noun: string): string {
  return `${limit} ${noun}${limit === 1 ? '' : 's'}`
}

function listed(values: readonly unknown[]): string {
  return values.length > 10 ? 'one of the values that are allowed here' : values.map(quote).join(' or ')
}

/** A value from the schema, as JSON, cut to what a person reads. */
function quote(value: unknown): string {
  const text = JSON.stringify(value)
  return text.length > 200 ? `${text.slice(0, 199)}…` : text
}
