import { checkOptions } from '@countersign/http'
import type { JwkSet } from './key.ts'
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
}

const MAKER = 'localIssuer'
const DAY = 86_400
const OPTIONS = ['issuer', 'audience', 'store', 'keys', 'algorithm', 'lifetime', 'refresh', ...VERIFIER_OPTIONS]

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
  const given = options.keys === undefined ? undefined : givenKeys(options.keys, algorithm)
  const course = verifierOptions(MAKER, options)
  const lifetime = numberOption(MAKER, 'lifetime', options.lifetime, 300, [1, course.maxLifetime])
  const times = options.refresh === false ? undefined : refreshTimes(options.refresh)
  return { issuer, audience, store, given, algorithm: algorithm ?? 'EdDSA', lifetime, times, course }
}

function givenKeys(keys: JwkSet, algorithm: SigningAlgorithm | undefined): SigningKeys {
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
