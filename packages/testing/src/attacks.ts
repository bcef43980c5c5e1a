import { checkOptions } from '@countersign/http'
import type { AnyPolicy, Description, RequirementDescription, RuleDescription } from '@countersign/policy'
import {
  type AttackMethod,
  CHALLENGED,
  type Expected,
  FORBIDDEN,
  HIDDEN,
  NO_SUCCESS,
  PASSES,
  REFUSED,
} from './attack.ts'
import { type Battery, DraftBattery } from './battery.ts'
import { decode, type Material } from './forge.ts'
import { materialOf, type TestIssuer, type TokenRequest } from './test-issuer.ts'
import { TOKEN_ATTACKS } from './token-attacks.ts'

export interface AttackOptions {
  /** `GET`. */
  readonly method?: AttackMethod
  /** Path and query of a real request to the route. */
  readonly url: string
  /** The JSON body of a real request, where the route takes one. */
  readonly body?: unknown
  /** Signs for the application under test, which must trust it: every attack on what a token says needs that. */
  readonly issuer?: TestIssuer
  /** What the good token says, beside the scopes and roles that the policy asks for: whose it is, which client it has. */
  readonly good?: TokenRequest
  /** A good token, where there is no `issuer`: it can be broken, but nothing else can be put in its place. */
  readonly token?: string
  /** Public keys that the application verifies with, where there is no `issuer`: for key confusion. */
  readonly publicKeys?: Material['publicKeys']
  /** Good headers of the route's other schemes, such as `{ 'x-api-key': … }`: for `allOf`, and to be broken themselves. */
  readonly headers?: Readonly<Record<string, string>>
  /** Paths of objects that the good caller must not reach: 403 or 404. */
  readonly others?: readonly string[]
}

const OPTIONS = ['method', 'url', 'body', 'issuer', 'good', 'token', 'publicKeys', 'headers', 'others']

/**
 * The negative battery of a route, from its policy's `describe()`: no credential, tokens that are forged, expired, for someone
 * else or in the wrong place, a scope less, another's object. Returns data; run it with `inject`, supertest or `sendAttack`.
 * Throws a TypeError for a policy that lets everybody pass, and for wrong options.
 */
export async function attacksOn(policy: Pick<AnyPolicy, 'describe'>, options: AttackOptions): Promise<Battery> {
  checkOptions('attacksOn', options, OPTIONS)
  const description = policy.describe()
  const { accept, mode } = description
  if (!accept || mode === 'attempt' || mode === 'anyone')
    throw new TypeError(`attacksOn: policy "${description.name}" refuses nobody (${mode}), so nothing can be attacked`)
  if (typeof options.url !== 'string' || !options.url.startsWith('/'))
    throw new TypeError('attacksOn: "url" must be the path of a real request, such as /posts')
  const sources = sourcesOf(accept)
  const takesTokens = sources.includes('authorization:bearer')
  const given = lowerCase(options.headers ?? {})
  const all = 'allOf' in accept
  const keys = Object.entries(given).filter(([name]) => sources.includes(`header:${name}`))
  // Two good credentials are one too many, unless the policy asks for both.
  const usual = all
    ? given
    : Object.fromEntries(Object.entries(given).filter(([name]) => !keys.some(([key]) => key === name)))
  const battery = new DraftBattery(options, usual)
  const material = takesTokens ? await goodToken(description, options) : undefined
  const good = material ? { authorization: `Bearer ${material.token}` } : Object.fromEntries(keys)

  battery.add('control', 'the good request passes', 'the control of all others', good, PASSES)
  if (mode === 'optional') battery.leave('none', 'policy lets a request without a credential pass (optional)')
  else withoutCredential(battery)
  if (material) {
    wrongTokens(battery, material)
    wrongPlaces(battery, material.token, sources, mode)
    await lesserTokens(battery, description, options)
  } else if (takesTokens) battery.leave('token', 'needs "issuer" or "token"')
  wrongKeys(battery, sources, given, all ? good : {})
  for (const url of options.others ?? [])
    battery.add(`other ${url}`, `another's object: ${url}`, 'OWASP API1:2023', good, HIDDEN, { url })
  if (!options.others?.length)
    battery.leave('other', 'needs "others": paths of objects that the good caller must not reach')
  return { attacks: battery.attacks, leftOut: battery.leftOut }
}

function withoutCredential(battery: DraftBattery): void {
  const { method, url } = battery.request
  const [path = '', query = ''] = url.split(/(?=\?)/)
  battery.addBare('none', 'no credential', 'RFC 9110 section 15.5.2', CHALLENGED)
  battery.addBare('scheme.unknown', 'a scheme that nobody knows', 'RFC 9110 section 11.4', REFUSED, {
    headers: { authorization: 'Countersign let-me-in' },
  })
  const variants: Readonly<Record<string, string>> = {
    'path.double': `/${path}`,
    'path.slash': `${path}/`,
    'path.case': path.toUpperCase(),
    'path.parameter': `${path};a`,
    'path.encoded': path.replace(/[a-z]/, (letter) => `%${letter.charCodeAt(0).toString(16)}`),
    'path.dot': `/.${path}`,
  }
  for (const [id, variant] of Object.entries(variants)) {
    if (variant === path) continue
    battery.addBare(id, `no credential, to ${variant}`, 'RFC 3986 section 6', NO_SUCCESS, { url: variant + query })
  }
  if (method === 'GET')
    battery.addBare('method.head', 'no credential, by HEAD', 'RFC 9110 section 9.3.2', NO_SUCCESS, { method: 'HEAD' })
  const headers = { 'x-http-method-override': 'OPTIONS', 'x-original-url': '/', 'x-rewrite-url': '/' }
  battery.addBare('override', 'no credential, another method and path in headers', 'OWASP API5:2023', NO_SUCCESS, {
    headers,
  })
}

function wrongTokens(battery: DraftBattery, material: Material): void {
  for (const { id, name, section, needs, make } of TOKEN_ATTACKS) {
    if (needs && !material[needs])
      battery.leave(
        id,
        needs === 'sign' ? 'needs "issuer": its key must sign it' : 'needs the public keys of the server',
      )
    else battery.add(id, name, section, { authorization: `Bearer ${make(material)}` }, REFUSED)
  }
}

function wrongPlaces(
  battery: DraftBattery,
  token: string,
  sources: readonly string[],
  mode: Description['mode'],
): void {
  const { url } = battery.request
  const line = `Bearer ${token}`
  const bad = `Bearer ${token.slice(0, -8)}AAAAAAAA`
  const header = (id: string, name: string, authorization: string | string[], section = 'RFC 6750 section 2.1') =>
    battery.add(id, name, section, { authorization }, REFUSED)
  header('header.doubled', 'the good token twice', [line, line], 'RFC 9110 section 5.3')
  header('header.good-bad', 'the good token, then a bad one', [line, bad], 'RFC 9110 section 5.3')
  header('header.bad-good', 'a bad token, then the good one', [bad, line], 'RFC 9110 section 5.3')
  header('header.listed', 'two tokens in one line', `${line}, ${bad}`)
  header('header.empty', 'a scheme without a token', 'Bearer')
  header('header.space', 'a token with a space inside', `Bearer ${token.slice(0, 9)} ${token.slice(9)}`)
  if (mode === 'optional') {
    battery.leave('place', 'policy lets a request without a credential pass (optional)')
    return
  }
  header('header.bare', 'the token without its scheme', token)
  header('header.jwt', 'the token after another scheme', `JWT ${token}`)
  const named = (kind: string) => sources.some((source) => source.startsWith(`${kind}:`))
  if (named('query')) battery.leave('query', 'the policy takes tokens from the query')
  else
    battery.add('query', 'the good token in the query', 'RFC 9700 section 4.3.2', {}, REFUSED, {
      url: `${url}${url.includes('?') ? '&' : '?'}access_token=${token}`,
    })
  if (named('cookie')) battery.leave('cookie', 'the policy takes tokens from a cookie')
  else {
    const cookie = ['token', 'access_token', 'jwt'].map((name) => `${name}=${token}`).join('; ')
    battery.add('cookie', 'the good token in cookies', 'RFC 6750 section 2', { cookie }, REFUSED)
  }
}

/** Good tokens of callers who may less. */
async function lesserTokens(
  battery: DraftBattery,
  { allow, maxAge }: Description,
  options: AttackOptions,
): Promise<void> {
  const { issuer, good } = options
  if (!issuer) {
    battery.leave('scope', 'needs "issuer"')
    return
  }
  const { scopes, roles, needed } = rightsOf(allow)
  const add = async (id: string, name: string, request: TokenRequest, expected: Expected, section: string) =>
    battery.add(id, name, section, await issuer.headers({ ...good, ...request }), expected)
  const section = 'RFC 6750 section 3.1'
  if (scopes.length + roles.length === 0) battery.leave('scope', 'the policy asks for no scope and no role')
  else await add('scope.none', 'a token with no scopes and no roles', { scopes: [], roles: [] }, FORBIDDEN, section)
  for (const scope of needed) {
    const rest = scopes.filter((one) => one !== scope)
    await add(`scope.${scope}`, `a token without the scope ${scope}`, { roles, scopes: rest }, FORBIDDEN, section)
    const near = [...rest, `${scope}x`, `x${scope}`, scope.toUpperCase()].filter((one) => one !== scope)
    await add(
      `scope.${scope}.near`,
      `a token with scopes that look like ${scope}`,
      { roles, scopes: near },
      FORBIDDEN,
      section,
    )
  }
  if (maxAge !== undefined) {
    const authTime = Math.floor(issuer.clock() / 1000) - maxAge - 3600
    await add(
      'age',
      'a caller who authenticated too long ago',
      { scopes, roles, authTime },
      REFUSED,
      'RFC 9470 section 3',
    )
  }
}

/** Credentials of the schemes that are not tokens: broken, where a good one was given, else made up. */
function wrongKeys(
  battery: DraftBattery,
  sources: readonly string[],
  given: Readonly<Record<string, string>>,
  also: Readonly<Record<string, string>>,
): void {
  for (const name of sources.flatMap((source) => (source.startsWith('header:') ? [source.slice(7)] : []))) {
    const key = given[name]
    const add = (id: string, text: string, value: string | string[]) =>
      battery.add(`${name}.${id}`, `${name}: ${text}`, 'OWASP API2:2023', { ...also, [name]: value }, REFUSED)
    add('wrong', 'a key that was made up', 'made-up-key')
    if (key === undefined) {
      battery.leave(`${name}.broken`, `needs a good ${name} in "headers"`)
      continue
    }
    add('truncated', 'the key without its last character', key.slice(0, -1))
    add('extended', 'the key with a character more', `${key}a`)
    add('doubled', 'the key twice', [key, key])
    add('case', 'the key in the other case', key === key.toUpperCase() ? key.toLowerCase() : key.toUpperCase())
  }
  if (!sources.includes('authorization:basic')) return
  const basic = (id: string, text: string, value: string) =>
    battery.add(`basic.${id}`, `Basic: ${text}`, 'RFC 7617 section 2', { authorization: `Basic ${value}` }, REFUSED)
  const encode = (text: string) => Buffer.from(text).toString('base64')
  basic('wrong', 'a user that was made up', encode('nobody:nothing'))
  basic('colon', 'no colon', encode('nobody'))
  basic('base64', 'no base64', '????')
  basic('empty', 'no user and no password', encode(':'))
}

async function goodToken(description: Description, options: AttackOptions): Promise<Material | undefined> {
  const { issuer, good, token, publicKeys } = options
  if (issuer) {
    const { scopes, roles } = rightsOf(description.allow)
    return materialOf(
      issuer,
      await issuer.token({ ...(scopes.length && { scopes }), ...(roles.length && { roles }), ...good }),
    )
  }
  if (token === undefined) return undefined
  return { token, ...decode(token), now: Math.floor(Date.now() / 1000), publicKeys, sign: undefined }
}

function lowerCase(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
}

function sourcesOf(accept: RequirementDescription): readonly string[] {
  if ('scheme' in accept) return accept.sources
  return ('anyOf' in accept ? accept.anyOf : accept.allOf).flatMap(sourcesOf)
}

/** Every scope and role that a rule names; `needed`: the scopes without which it never holds. */
function rightsOf(rule: RuleDescription | undefined): { scopes: string[]; roles: string[]; needed: string[] } {
  if (!rule || 'test' in rule) return { scopes: [], roles: [], needed: [] }
  if ('scope' in rule) return { scopes: [rule.scope], roles: [], needed: [rule.scope] }
  if ('role' in rule) return { scopes: [], roles: [rule.role], needed: [] }
  const parts = ('anyOf' in rule ? rule.anyOf : rule.allOf).map(rightsOf)
  const all = (name: 'scopes' | 'roles' | 'needed') => [...new Set(parts.flatMap((part) => part[name]))]
  return { scopes: all('scopes'), roles: all('roles'), needed: 'allOf' in rule ? all('needed') : [] }
}
