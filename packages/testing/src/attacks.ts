import { createPublicKey } from 'node:crypto'
import { checkOptions } from '@countersign/http'
import type { AnyPolicy, Description, RequirementDescription } from '@countersign/policy'
import type { AttackMethod } from './attack.ts'
import { type Battery, DraftBattery } from './battery.ts'
import { HIDDEN } from './fault.ts'
import { type Material, readToken } from './forge.ts'
import { lesserTokens, rightsOf } from './lesser-tokens.ts'
import { withoutCredential } from './no-credential.ts'
import { materialOf, type TestIssuer, type TokenRequest } from './test-issuer.ts'
import { wrongTokens } from './token-attacks.ts'
import { checkBasic, wrongKeys, wrongPasswords } from './wrong-keys.ts'
import { wrongPlaces } from './wrong-places.ts'

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
  /** `url` of `serveAttackerKeys()`, for tokens whose header points there. */
  readonly keyServer?: string
  /**
   * Headers that every request needs. Those that the policy's other schemes read must be good credentials, such as
   * `{ 'x-api-key': … }` or `{ authorization: 'Basic …' }`: for `allOf`, and to be broken themselves.
   */
  readonly headers?: Readonly<Record<string, string>>
  /** Paths of objects that the good caller must not reach: 403 or 404. */
  readonly others?: readonly string[]
}

const OPTIONS = ['method', 'url', 'body', 'issuer', 'good', 'token', 'publicKeys', 'keyServer', 'headers', 'others']
const BEARER: Description = {
  name: 'bearer tokens',
  mode: 'required',
  accept: { scheme: 'bearer', sources: ['authorization:bearer'], openapi: {} },
  allow: undefined,
  maxAge: undefined,
  conditions: [],
}

/**
 * The negative battery of a route, from its policy's `describe()`: no credential, tokens that are forged, expired, for someone
 * else or in the wrong place, a scope less, another's object. Without a policy: of any route with a bearer token. Returns data;
 * run it with `inject`, supertest or `sendAttack`. Throws a TypeError for a policy that lets everybody pass, and for wrong options.
 */
export async function attacksOn(policy: Pick<AnyPolicy, 'describe'>, options: AttackOptions): Promise<Battery>
export async function attacksOn(options: AttackOptions): Promise<Battery>
export async function attacksOn(
  first: Pick<AnyPolicy, 'describe'> | AttackOptions,
  second?: AttackOptions,
): Promise<Battery> {
  const described = 'describe' in first
  const options = described ? (second ?? ({} as AttackOptions)) : first
  const description = described ? first.describe() : BEARER
  check(options)
  const { accept, mode } = description
  if (!accept || mode === 'attempt' || mode === 'anyone')
    throw new TypeError(`attacksOn: policy "${description.name}" refuses nobody (${mode}), so nothing can be attacked`)
  const sources = sourcesOf(accept)
  const material = sources.includes('authorization:bearer') ? await goodToken(description, options) : undefined
  const { usual, credentials } = headersOf(options, sources)
  const all = 'allOf' in accept
  const good = goodHeaders(material, credentials)
  // Two good credentials are one too many, unless the policy asks for both.
  const battery = new DraftBattery(options, all ? { ...usual, ...keysOf(credentials) } : usual, namesOf(sources))
  withoutCredential(battery, mode)
  if (sources.includes('authorization:bearer')) {
    wrongTokens(battery, material)
    wrongPlaces(battery, material?.token, sources, mode)
    await lesserTokens(battery, description, options.issuer, options.good)
  }
  wrongKeys(battery, sources, credentials, all ? good : {})
  if (sources.includes('authorization:basic')) wrongPasswords(battery, credentials.authorization)
  for (const source of unknown(accept)) battery.leave('no attacks are known for it', `${source}.*`)
  for (const url of options.others ?? [])
    battery.add({
      id: `other.${url}`,
      name: `another's object: ${url}`,
      section: 'OWASP API1:2023',
      sender: 'a caller who may less',
      headers: good,
      url,
      expected: HIDDEN,
    })
  if (!options.others?.length) battery.leave('no object of somebody else', 'other.*')
  return battery.battery(good)
}

function check(options: AttackOptions): void {
  checkOptions('attacksOn', options, OPTIONS)
  const { url, publicKeys, keyServer } = options
  if (typeof url !== 'string' || !url.startsWith('/'))
    throw new TypeError('attacksOn: "url" must be the path of a real request, such as /posts')
  if (keyServer !== undefined && !URL.canParse(keyServer))
    throw new TypeError('attacksOn: "keyServer" must be the url of serveAttackerKeys()')
  try {
    for (const key of publicKeys ?? []) createPublicKey({ key, format: 'jwk' })
  } catch {
    throw new TypeError('attacksOn: "publicKeys" must be JWKs of public keys')
  }
}

async function goodToken(description: Description, options: AttackOptions): Promise<Material | undefined> {
  const { issuer, good, token, publicKeys, keyServer } = options
  if (issuer) {
    const { scopes, roles } = rightsOf(description.allow)
    const asked = { ...(scopes.length && { scopes }), ...(roles.length && { roles }), ...good }
    return { ...materialOf(issuer, await issuer.token(asked)), keyServer }
  }
  if (token === undefined) return undefined
  return { token, ...readToken(token), now: Math.floor(Date.now() / 1000), publicKeys, sign: undefined, keyServer }
}

type Lines = Readonly<Record<string, string>>

/** The headers that were given: those that some scheme of the policy reads, and the rest, which every request needs. */
function headersOf({ headers = {} }: AttackOptions, sources: readonly string[]) {
  const lines = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const)
  const read = namesOf(sources)
  const credentials: Lines = Object.fromEntries(lines.filter(([name]) => read.has(name)))
  const usual: Lines = Object.fromEntries(lines.filter(([name]) => !read.has(name)))
  const { authorization } = credentials
  if (authorization !== undefined) checkAuthorization(authorization, sources)
  return { usual, credentials }
}

/** Throws for a line that would stand beside the token, or that nothing of the policy reads. */
function checkAuthorization(line: string, sources: readonly string[]): void {
  const scheme = line.split(' ', 1)[0]?.toLowerCase()
  if (scheme === 'bearer') throw new TypeError('attacksOn: give the bearer token as "token", not in "headers"')
  if (!sources.includes(`authorization:${scheme}`))
    throw new TypeError('attacksOn: no scheme of the policy reads the Authorization in "headers"')
  if (scheme === 'basic') checkBasic(line)
}

/** One good credential: a token where there is one, else what was given. */
function goodHeaders(material: Material | undefined, { authorization, ...others }: Lines): Lines {
  if (material) return { authorization: `Bearer ${material.token}` }
  return authorization === undefined ? Object.fromEntries(Object.entries(others).slice(0, 1)) : { authorization }
}

function keysOf({ authorization: _, ...keys }: Lines): Lines {
  return keys
}

/** The headers that a policy reads credentials from. */
function namesOf(sources: readonly string[]): ReadonlySet<string> {
  return new Set(
    sources.flatMap((source) => {
      const [kind = '', name = ''] = source.split(':')
      if (kind === 'header') return [name]
      return kind === 'authorization' || kind === 'cookie' ? [kind] : []
    }),
  )
}

function sourcesOf(accept: RequirementDescription): readonly string[] {
  return schemesIn(accept).flatMap(({ sources }) => sources)
}

/** Places of schemes of the application's own. */
function unknown(accept: RequirementDescription): readonly string[] {
  return schemesIn(accept).flatMap(({ sources }) =>
    sources.includes('authorization:bearer')
      ? []
      : sources.filter((source) => source !== 'authorization:basic' && !source.startsWith('header:')),
  )
}

function schemesIn(accept: RequirementDescription): Extract<RequirementDescription, { scheme: string }>[] {
  if ('scheme' in accept) return [accept]
  return ('anyOf' in accept ? accept.anyOf : accept.allOf).flatMap(schemesIn)
}
