import { type AuthError, authError } from '@countersign/http'

/** One challenge of a `WWW-Authenticate` field (RFC 9110 section 11.6.1). Parameter names are lower case when parsed. */
export interface Challenge {
  readonly scheme: string
  readonly token68?: string
  readonly params: Readonly<Record<string, string>>
}

const TOKEN = /[!#$%&'*+\-.^_`|~0-9A-Za-z]+/y
const TOKEN68 = /[A-Za-z0-9\-._~+/]+=*(?=[ \t]*(?:,|$))/y
const SPACE = /[ \t]*/y
const QUOTED = /"((?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t \x21-\x7e\x80-\xff])*)"/y
const LIMIT = 16_384

const GRAMMAR = authError('invalid_request', 'challenge.grammar', {
  detail: 'The WWW-Authenticate field is malformed.',
})

/** Writes a challenge: values always quoted. Throws a TypeError for what no header can hold (a bug, not a client's fault). */
export function formatChallenge(challenge: Challenge): string {
  if (!whole(TOKEN, challenge.scheme))
    throw new TypeError(`challenge scheme must be a token (RFC 9110), got ${JSON.stringify(challenge.scheme)}`)
  if (challenge.token68 !== undefined) {
    if (!whole(TOKEN68, challenge.token68)) throw new TypeError('challenge token68 has a character that no token68 has')
    return `${challenge.scheme} ${challenge.token68}`
  }
  const params = Object.entries(challenge.params).map(([name, value]) => {
    if (!whole(TOKEN, name))
      throw new TypeError(`challenge parameter name must be a token (RFC 9110), got ${JSON.stringify(name)}`)
    if (!/^[\t\x20-\x7e]*$/.test(value)) throw new TypeError(`challenge parameter ${name} must be printable ASCII`)
    return `${name}="${value.replace(/["\\]/g, '\\$&')}"`
  })
  return params.length === 0 ? challenge.scheme : `${challenge.scheme} ${params.join(', ')}`
}

/**
 * Parses the lines of a `WWW-Authenticate` field: every challenge, in order. Refuses with `invalid_request` what
 * breaks the grammar, a parameter that comes twice in one challenge, and more than 16 KiB. Never throws.
 */
export function parseChallenges(field: string | readonly string[]): readonly Challenge[] | AuthError {
  const challenges: Challenge[] = []
  for (const line of typeof field === 'string' ? [field] : field) {
    if (line.length > LIMIT || !parseLine(line, challenges)) return GRAMMAR
  }
  return challenges
}

function parseLine(line: string, into: Challenge[]): boolean {
  let at = 0
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at
    const match = pattern.exec(line)
    if (!match) return undefined
    at = pattern.lastIndex
    return match[1] ?? match[0]
  }
  const start = into.length
  let params: Record<string, string> | undefined // of the challenge being read; undefined: a scheme must come
  for (;;) {
    take(SPACE)
    if (at === line.length) return into.length > start || line.trim() === ''
    if (line[at] === ',') {
      at++ // RFC 9110 section 5.6.1: empty list elements are allowed
      continue
    }
    const word = take(TOKEN)
    if (word === undefined) return false
    const afterWord = at
    take(SPACE)
    if (params && line[at] === '=') {
      at++
      take(SPACE)
      const value = line[at] === '"' ? take(QUOTED)?.replace(/\\(.)/g, '$1') : take(TOKEN)
      const name = word.toLowerCase()
      if (value === undefined || Object.hasOwn(params, name)) return false
      Object.defineProperty(params, name, { value, enumerable: true })
    } else {
      if (at < line.length && line[at] !== ',' && at === afterWord) return false // RFC 9110: a space after the scheme
      params = {}
      const token68 = at > afterWord ? take(TOKEN68) : undefined
      // `Basic realm` alone would read as token68; a token followed by `=` and a value is a parameter, and TOKEN68 refuses it.
      into.push(token68 === undefined ? { scheme: word, params } : { scheme: word, token68, params })
      if (token68 === undefined) continue
      params = undefined
    }
    take(SPACE)
    if (at < line.length && line[at] !== ',') return false
  }
}

function whole(pattern: RegExp, text: string): boolean {
  pattern.lastIndex = 0
  return pattern.test(text) && pattern.lastIndex === text.length
}
