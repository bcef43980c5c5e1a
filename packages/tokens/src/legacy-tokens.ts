import { createPublicKey, createSecretKey, KeyObject } from 'node:crypto'
import { checkOptions } from '@countersign/http'
import { type Algorithm, algorithmRow } from './algorithm.ts'
import { type Jwk, type JwkSet, readKey, servedBy, type VerificationKey } from './key.ts'
import { importKeys } from './key-set.ts'
import {
  algorithmsOption,
  audienceOption,
  textOption,
  typesOption,
  VERIFIER_OPTIONS,
  type VerifierOptions,
  verifierOptions,
  wrong,
} from './options.ts'
import { type Course, type JwtVerifier, tokenVerifier } from './verifier.ts'

interface Common extends VerifierOptions {
  /** Which ones were used: no default. */
  readonly algorithms: readonly Algorithm[]
  /** `iss` of the tokens, or `false`: not looked at, so every token that gets here is judged. */
  readonly issuer: string | false
  /** `aud` that a token must carry, or `false`: not looked at. */
  readonly audience: string | readonly string[] | false
  /** `typ` of the header, or `false`: not looked at. */
  readonly type: string | readonly string[] | false
  /** The claim that names the subject: `sub`. Often `id` or `userId`; a whole number counts as its text. */
  readonly subject?: string
}

/** Where the keys come from: exactly one of the three. */
type Keys =
  | {
      /** For HS*: the shared secret; text counts as UTF-8. */
      readonly secret: string | Uint8Array
      /** Takes a secret that is shorter than its hash and can be guessed offline from any token. Replace it soon. */
      readonly dangerouslyAllowShortSecret?: boolean
      readonly key?: undefined
      readonly jwks?: undefined
    }
  | {
      /** For the others: a public key as PEM, JWK or KeyObject. */
      readonly key: string | KeyObject | Jwk
      readonly secret?: undefined
      readonly jwks?: undefined
    }
  | {
      /** A JWK Set; `kid` selects. */
      readonly jwks: JwkSet
      readonly secret?: undefined
      readonly key?: undefined
    }

export type LegacyTokensOptions = Common & Keys

/** A verifier that says what it does not look at. */
export interface LegacyTokens extends JwtVerifier {
  readonly waivers: readonly ('issuer' | 'audience' | 'type' | 'short-secret')[]
}

const MAKER = 'legacyTokens'
const KEYS = ['secret', 'dangerouslyAllowShortSecret', 'key', 'jwks']
const OPTIONS = ['algorithms', ...KEYS, 'issuer', 'audience', 'type', 'subject', ...VERIFIER_OPTIONS]
const NO_AUDIENCE = '; audience: false waives it, for tokens that carry none'

/**
 * Judges tokens that passport-jwt, express-jwt, @fastify/jwt and their like gave out, which often carry neither `iss`
 * nor `typ`: returns a verifier. Everything it does not look at is waived by name and listed in `waivers`. With
 * `issuer: false` no token is someone else's: put it last in the list. Throws a TypeError for wrong options: no
 * `algorithms`, a secret shorter than its hash (RFC 7518 section 3.2), a PEM as secret, a key that the key policy
 * refuses. Tokens that live longer than a day need `maxLifetime`.
 */
export function legacyTokens(options: LegacyTokensOptions): LegacyTokens {
  checkOptions(MAKER, options, OPTIONS)
  const algorithms = algorithmsOption(MAKER, options?.algorithms)
  const keys = keysOf(options, algorithms)
  const { leeway, maxLifetime, cache, clock } = verifierOptions(MAKER, options)
  const waived = (name: 'issuer' | 'audience' | 'type') => options[name] === false
  const verifier = tokenVerifier({
    rules: {
      issuer: waived('issuer') ? undefined : textOption(MAKER, 'issuer', options.issuer, 'the iss, or false'),
      audience: waived('audience') ? undefined : audienceOption(MAKER, options.audience, NO_AUDIENCE),
      subject: options.subject === undefined ? 'sub' : textOption(MAKER, 'subject', options.subject, 'a claim'),
      numericSubject: true,
      leeway,
      maxLifetime,
      forbidden: [],
    },
    algorithms,
    types: waived('type') ? undefined : typesOption(MAKER, options.type),
    keys,
    ready: () => undefined,
    isRevoked: () => false,
    cache,
    clock,
  })
  const waivers = (['issuer', 'audience', 'type'] as const).filter(waived)
  const short = options.secret !== undefined && options.dangerouslyAllowShortSecret === true
  return Object.freeze({
    ...verifier,
    waivers: Object.freeze([...waivers, ...(short ? (['short-secret'] as const) : [])]),
  })
}

function keysOf(options: LegacyTokensOptions, algorithms: readonly Algorithm[]): Course['keys'] {
  const { secret, key, jwks } = options
  if ([secret, key, jwks].filter((one) => one !== undefined).length !== 1)
    throw wrong(MAKER, 'secret, key or jwks', 'given, and only one of them')
  if (jwks !== undefined) return importKeys(jwks)
  const shared = algorithms.filter((name) => algorithmRow(name)?.kty === 'oct')
  if (shared.length !== (secret === undefined ? 0 : algorithms.length))
    throw wrong(
      MAKER,
      'algorithms',
      secret === undefined ? 'asymmetric for a key' : 'HS256, HS384 or HS512 for a secret',
    )
  const one =
    secret === undefined
      ? publicKey(key as Exclude<typeof key, undefined>, algorithms)
      : sharedSecret(secret, algorithms, options.dangerouslyAllowShortSecret === true)
  // A single key has no name, so a `kid` selects nothing.
  return { find: ({ alg }) => (one.algorithms.includes(alg) ? one : undefined), holds: (held) => held === one }
}

function sharedSecret(secret: string | Uint8Array, algorithms: readonly Algorithm[], short: boolean): VerificationKey {
  if (typeof secret !== 'string' && !(secret instanceof Uint8Array)) throw wrong(MAKER, 'secret', 'a string or bytes')
  const bytes = typeof secret === 'string' ? Buffer.from(secret) : secret
  if (bytes.length === 0) throw wrong(MAKER, 'secret', 'not empty: anyone can sign with nothing')
  if (Buffer.from(bytes).includes('-----BEGIN'))
    throw wrong(MAKER, 'secret', 'no PEM: a public key as a secret lets everyone sign. Give it as key')
  const key = createSecretKey(bytes)
  const served = algorithms.map((alg) => servedBy(key, algorithms, alg, short))
  const fault = served.find((one) => typeof one === 'string')
  if (fault !== undefined)
    throw new TypeError(
      `${MAKER}: secret is refused: ${fault}; dangerouslyAllowShortSecret: true takes it all the same`,
    )
  return Object.freeze({ algorithms, key })
}

function publicKey(key: string | KeyObject | Jwk, algorithms: readonly Algorithm[]): VerificationKey {
  const read = readKey(key instanceof KeyObject || typeof key === 'string' ? jwkOf(key) : key)
  if (typeof read === 'string') throw new TypeError(`${MAKER}: key is refused: ${read}`)
  const other = algorithms.find((name) => !read.algorithms.includes(name))
  if (other) throw wrong(MAKER, 'algorithms', `what the key can do (${read.algorithms.join(', ')}), not ${other}`)
  return read
}

function jwkOf(key: string | KeyObject): Jwk | undefined {
  try {
    const read = typeof key === 'string' || key.type === 'private' ? createPublicKey(key) : key
    return read.export({ format: 'jwk' }) as Jwk
  } catch {
    throw wrong(MAKER, 'key', 'a public key as PEM, JWK or KeyObject; a shared secret goes into secret')
  }
}
