import { checkOptions } from '@countersign/http'
import { MODES, type RevocationMode } from './feed.ts'
import type { JwkSet } from './key.ts'
import type { RotationTimes } from './key-ring.ts'
import {
  audienceOption,
  numberOption,
  textOption,
  VERIFIER_OPTIONS,
  type VerifierOptions,
  verifierOptions,
  wrong,
} from './options.ts'
import type { RefreshTimes } from './refresh-family.ts'
import { sealOption } from './seal.ts'
import type { SessionTable } from './session-table.ts'
import { readSigningKeys, SIGNING, type SigningAlgorithm, type SigningKeys } from './signing-keys.ts'
import type { StoreLike } from './store-like.ts'

export interface LocalIssuerOptions extends VerifierOptions {
  /** `iss` of the tokens: the URL of the API or of its login. */
  readonly issuer: string
  /** `aud` of the tokens, and what a token must be for. Of a list, tokens carry all and need one. */
  readonly audience: string | readonly string[]
  /** Where keys, sessions and revocations live: a store of `@countersign/store`. */
  readonly store: StoreLike
  /** A private JWK Set: the first key signs, all verify. Left out: a key is made at first use and kept in the store. */
  readonly keys?: JwkSet
  /** What a key that is made signs with: EdDSA. */
  readonly algorithm?: SigningAlgorithm
  /** Seconds that an access token lives: 300. */
  readonly lifetime?: number
  /** Seconds: `sliding` from use to use (14 days), `absolute` in all (90 days), `grace` (10; 0 to 60). `false`: none. */
  readonly refresh?: Partial<RefreshTimes> | false
  /** Where sessions live: a table of yours; in `store` unless told otherwise. */
  readonly sessions?: SessionTable
  /** How fresh what is known of revocations must be: `synced` (2 s). */
  readonly revocation?: RevocationMode
  /**
   * Seconds: a key of the store signs `every` so long (30 days), after it was published `ahead` (a day). `false`: only by
   * `keys.rotate()`, `ahead` a day. A key verifies for `maxLifetime` and twice the leeway after it signed.
   */
  readonly rotation?: { readonly every?: number; readonly ahead?: number } | false
  /** Seals private keys in the store: 32 random bytes, or their base64url text; of a list the first seals, all open. */
  readonly seal?: Uint8Array | string | readonly (Uint8Array | string)[]
}

const MAKER = 'localIssuer'
const DAY = 86_400
/** A ring may hold keys of several algorithms while it changes; a secret never beside public keys. */
const ringAlgorithms = (algorithm: SigningAlgorithm | undefined): readonly SigningAlgorithm[] =>
  algorithm === 'HS256' ? ['HS256'] : SIGNING.filter((one) => one !== 'HS256')
const SESSION_VERBS = ['insert', 'find', 'replace', 'list', 'remove'] as const
const OPTIONS = [
  'issuer',
  'audience',
  'store',
  'keys',
  'algorithm',
  'lifetime',
  'refresh',
  'sessions',
  'revocation',
  'rotation',
  'seal',
  ...VERIFIER_OPTIONS,
]

/** Checks the options and fills them in. The file of one factory's promises; throws TypeErrors. */
export function localIssuerOptions(options: LocalIssuerOptions) {
  checkOptions(MAKER, options, OPTIONS)
  const issuer = textOption(MAKER, 'issuer', options?.issuer, 'the iss of your tokens, usually your own URL')
  const audience = audienceOption(MAKER, options.audience)
  const { store, algorithm } = options
  if (typeof store?.get !== 'function' || typeof store.commit !== 'function' || typeof store.watch !== 'function')
    throw wrong(MAKER, 'store', "a store, such as sqliteStore('auth.db') of @countersign/store")
  if (algorithm !== undefined && !SIGNING.includes(algorithm))
    throw wrong(MAKER, 'algorithm', `one of ${SIGNING.join(', ')}`)
  const given = options.keys === undefined ? undefined : givenOption(options.keys, algorithm)
  const course = verifierOptions(MAKER, options)
  const lifetime = numberOption(MAKER, 'lifetime', options.lifetime, 300, [1, course.maxLifetime])
  const times = options.refresh === false ? undefined : refreshTimes(options.refresh)
  const { revocation: mode = 'synced' } = options
  if (!MODES.includes(mode)) throw wrong(MAKER, 'revocation', `one of ${MODES.join(', ')}`)
  const { sessions } = options
  if (sessions !== undefined && SESSION_VERBS.some((verb) => typeof sessions?.[verb] !== 'function'))
    throw wrong(MAKER, 'sessions', `a table with ${SESSION_VERBS.join(', ')}`)
  if (given && (options.seal !== undefined || options.rotation !== undefined))
    throw wrong(
      MAKER,
      'keys',
      'left out where `seal` or `rotation` is there: those are for keys that live in the store',
    )
  return {
    issuer,
    audience,
    store,
    sessions,
    mode,
    given,
    algorithms: given ? [...new Set(given.verifying.keys.flatMap((key) => key.algorithms))] : ringAlgorithms(algorithm),
    algorithm: algorithm ?? 'EdDSA',
    lifetime,
    times,
    rotation: rotationTimes(options.rotation, course.maxLifetime + 2 * course.leeway),
    seal: 'seal' in options ? sealOption(options.seal) : undefined,
    course,
  }
}

function rotationTimes(rotation: LocalIssuerOptions['rotation'], overlap: number): RotationTimes {
  if (rotation === false) return { every: 0, ahead: DAY, overlap }
  checkOptions(`${MAKER}: rotation`, rotation, ['every', 'ahead'])
  const ahead = numberOption(MAKER, 'rotation.ahead', rotation?.ahead, DAY, [2, 365 * DAY])
  const every = numberOption(MAKER, 'rotation.every', rotation?.every, Math.max(30 * DAY, ahead), [ahead, 3650 * DAY])
  return { every, ahead, overlap }
}

function givenOption(keys: JwkSet, algorithm: SigningAlgorithm | undefined): SigningKeys {
  const given = readSigningKeys(keys)
  if (typeof given === 'string') throw new TypeError(`${MAKER}: keys are refused: ${given}`)
  if (algorithm !== undefined && given.algorithm !== algorithm)
    throw wrong(MAKER, 'algorithm', `${given.algorithm} or left out: the first of keys decides`)
  return given
}

function refreshTimes(refresh: Partial<RefreshTimes> = {}): RefreshTimes {
  checkOptions(`${MAKER}: refresh`, refresh, ['sliding', 'absolute', 'grace'])
  const absolute = numberOption(MAKER, 'refresh.absolute', refresh.absolute, 90 * DAY, [1, 3650 * DAY])
  const otherwise = Math.min(14 * DAY, absolute)
  return {
    absolute,
    sliding: numberOption(MAKER, 'refresh.sliding', refresh.sliding, otherwise, [1, absolute]),
    grace: numberOption(MAKER, 'refresh.grace', refresh.grace, 10, [0, 60]),
  }
}
