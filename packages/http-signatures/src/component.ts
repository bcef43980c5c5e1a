import {
  type Item,
  type Parameters,
  parseDictionary,
  parseItem,
  parseList,
  serializeDictionary,
  serializeItem,
  serializeList,
} from 'structured-headers'

/** What a signature may cover of a message. Header fields as they are on the wire, name and value in turn. */
export interface Covered {
  readonly rawHeaders: readonly string[]
  readonly method?: string
  /** The whole target, `https://api.acme.com/orders?a=b`. */
  readonly url?: string
  /** Of an answer. */
  readonly status?: number
  /** Of an answer: the request that it answers, for components with `req`. */
  readonly request?: Covered
}

/** Parameters of a component that are understood (RFC 9421 section 2.1 and 2.4); another makes a signature unverifiable. */
const PARAMETERS: ReadonlySet<string> = new Set(['sf', 'key', 'bs', 'req', 'name'])
type Derive = (message: Covered, parameters: Parameters) => string | undefined

/** Derived components (RFC 9421 section 2.2). */
const DERIVED: Readonly<Record<string, Derive>> = {
  '@method': ({ method }) => method,
  '@target-uri': ({ url }) => url,
  '@authority': ({ url }) => url && new URL(url).host.toLowerCase(),
  '@scheme': ({ url }) => url && new URL(url).protocol.slice(0, -1),
  '@request-target': ({ url }) => url && afterOrigin(url),
  '@path': ({ url }) => url && (afterOrigin(url).split('?', 1)[0] || '/'),
  '@query': ({ url }) => url && `?${afterOrigin(url).split('?').slice(1).join('?')}`,
  '@query-param': ({ url }, parameters) => url && queryParameter(url, parameters.get('name')),
  '@status': ({ status }) => status?.toString(),
}

/**
 * The value of one component (RFC 9421 section 2); `undefined` where the message has none, or more than one answer is possible.
 */
export function componentValue(message: Covered, [name, parameters]: Item): string | undefined {
  if (typeof name !== 'string' || [...parameters.keys()].some((one) => !PARAMETERS.has(one))) return undefined
  const source = parameters.get('req') === true ? message.request : message
  if (!source) return undefined
  if (name.startsWith('@')) {
    const isParameter = name === '@query-param'
    if (parameters.has('name') !== isParameter || ['sf', 'key', 'bs'].some((one) => parameters.has(one)))
      return undefined
    return Object.hasOwn(DERIVED, name) ? DERIVED[name]?.(source, parameters) : undefined
  }
  if (parameters.has('name') || name !== name.toLowerCase()) return undefined
  return fieldValue(linesOf(source.rawHeaders, name), parameters)
}

export function linesOf(rawHeaders: readonly string[], name: string): readonly string[] {
  return rawHeaders.filter((_value, at) => at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === name)
}

function fieldValue(lines: readonly string[], parameters: Parameters): string | undefined {
  if (lines.length === 0) return undefined
  const trimmed = lines.map((line) => line.replace(/^[ \t]+|[ \t]+$/g, '').replace(/\r?\n[ \t]+/g, ' '))
  const [isStrict, key, isBytes] = [parameters.get('sf'), parameters.get('key'), parameters.get('bs')]
  if (isBytes === true) {
    if (isStrict !== undefined || key !== undefined) return undefined
    return serializeList(trimmed.map((line): Item => [Buffer.from(line, 'latin1'), new Map()]))
  }
  const text = trimmed.join(', ')
  if (key !== undefined) return typeof key === 'string' ? memberOf(text, key) : undefined
  return isStrict === true ? strictly(text) : text
}

/** A member of a dictionary (RFC 9421 section 2.1.2). */
function memberOf(text: string, key: string): string | undefined {
  try {
    const member = parseDictionary(text).get(key)
    if (!member) return undefined
    return Array.isArray(member[0]) ? serializeList([member]) : serializeItem(member as Item)
  } catch {
    return undefined
  }
}

/**
 * As structured fields are written (RFC 9421 section 2.1.1). Nothing says which of the three kinds a field is: all that fit are
 * written, and where they differ (`a, a` is two members of a list, and one of a dictionary) there is no value.
 */
function strictly(text: string): string | undefined {
  const written = [
    () => serializeDictionary(parseDictionary(text)),
    () => serializeList(parseList(text)),
    () => serializeItem(parseItem(text)),
  ].flatMap((write) => {
    try {
      return [write()]
    } catch {
      return []
    }
  })
  // A date beyond what JavaScript can tell is written as no number: others would be too.
  return written.every((one) => one === written[0] && !one.includes('@NaN')) ? written[0] : undefined
}

/** What is on the request line, unchanged: `URL` would write some of it in another way. */
function afterOrigin(url: string): string {
  return /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*([^#]*)/i.exec(url)?.[1] || '/'
}

/** RFC 9421 section 2.2.8: decoded as a form, and encoded again in one way. */
function queryParameter(url: string, name: unknown): string | undefined {
  const found = [...new URL(url).searchParams].filter(([key]) => encoded(key) === name)
  return found.length === 1 ? encoded(found[0]?.[1] as string) : undefined
}

/** As a form is encoded, but a space is %20. */
function encoded(text: string): string {
  return encodeURIComponent(text).replace(/[!'()~]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`)
}
