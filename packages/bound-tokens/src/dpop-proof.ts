import { hash, timingSafeEqual } from 'node:crypto'
import {
  type AuthError,
  authError,
  checkOptions,
  headerLines,
  isAuthError,
  messageOf,
  pathOf,
  type RequestView,
} from '@countersign/http'
import { type Algorithm, type StoreLike, verifyKeyProof } from '@countersign/tokens'
import { type Nonces, nonces } from './nonces.ts'

/** What a proof must hold to, at a resource and at a login. */
export interface ProofOptions {
  /** What your API is called from outside, `https://api.acme.com`, with a path where it has one: never taken from a header. */
  readonly origin: string
  /** Where proofs that were used are remembered, until they are too old: a store that all processes share. `false`: a proof may be replayed while it is young. */
  readonly replay: Pick<StoreLike, 'commit'> | false
  /** 32 random bytes that all processes share: clients must use a nonce from it, and each is good for 5 to 10 minutes. */
  readonly nonce?: Uint8Array
  /** Seconds that a proof is good for after its `iat`: 60. */
  readonly maxAge?: number
  /** Seconds that clocks may differ: 5. */
  readonly leeway?: number
  /** Of proofs: ES256, EdDSA and the other asymmetric ones unless told otherwise. */
  readonly algorithms?: readonly Algorithm[]
  /** The protection space named in the challenge: `api`. */
  readonly realm?: string
  /** Epoch milliseconds; the machine's clock unless told otherwise. */
  readonly clock?: () => number
}

export const PROOF_OPTIONS = ['origin', 'replay', 'nonce', 'maxAge', 'leeway', 'algorithms', 'realm', 'clock'] as const
const ALGORITHMS: readonly Algorithm[] = [
  ...(['ES256', 'EdDSA', 'Ed25519', 'PS256', 'RS256'] as const),
  ...(['ES384', 'ES512', 'PS384', 'PS512'] as const),
]
/** Characters of a proof's `jti`. */
const MAX_ID = 256

const fault = (reason: string, expected: string) => authError('invalid_dpop_proof', `dpop.${reason}`, { expected })
const MISSING = fault('proof', 'one DPoP header')
const METHOD = fault('htm', 'the method of this request')
const TARGET = fault('htu', 'the URL of this request, without query and fragment')
const TIME = fault('iat', 'a proof that was made just now')
const ID = fault('jti', `a string of at most ${MAX_ID} characters`)
const HASH = fault('ath', 'the hash of this token')
export const REPLAYED: AuthError = fault('replayed', 'a proof that was not used before')

export interface Course {
  readonly base: string
  readonly replay: Pick<StoreLike, 'commit'> | false
  readonly nonces: Nonces | undefined
  readonly maxAge: number
  readonly leeway: number
  readonly algorithms: readonly Algorithm[]
  readonly realm: string
  readonly clock: () => number
}

/** Checks the options and fills them in. Throws TypeErrors in the name of `maker`. */
export function proofCourse(maker: string, options: ProofOptions, more: readonly string[] = []): Course {
  checkOptions(maker, options, [...PROOF_OPTIONS, ...more])
  const { origin, replay, nonce, realm = 'api', algorithms = ALGORITHMS, clock = () => Date.now() } = options ?? {}
  if (typeof origin !== 'string' || !/^https?:$/.test(URL.parse(origin)?.protocol ?? '') || /[?#]/.test(origin))
    throw new TypeError(`${maker}: origin must be what your API is called from outside, such as 'https://api.acme.com'`)
  if (replay !== false && typeof replay?.commit !== 'function')
    throw new TypeError(
      `${maker}: replay must be a store that all processes share, or false: then a young proof may be replayed`,
    )
  if (!Array.isArray(algorithms) || algorithms.length === 0 || algorithms.some((one) => !ALGORITHMS.includes(one)))
    throw new TypeError(`${maker}: algorithms must be a list of ${ALGORITHMS.join(', ')}`)
  if (typeof realm !== 'string' || !/^[\x20-\x7e]+$/.test(realm))
    throw new TypeError(`${maker}: realm must be printable ASCII`)
  if (typeof clock !== 'function') throw new TypeError(`${maker}: clock must be a function to epoch milliseconds`)
  const seconds = (name: string, value: number, least: number): number => {
    if (Number.isInteger(value) && value >= least && value <= 300) return value
    throw new TypeError(`${maker}: ${name} must be whole seconds from ${least} to 300`)
  }
  return {
    base: origin.replace(/\/$/, ''),
    replay,
    nonces: nonce === undefined ? undefined : nonces(nonce, clock),
    maxAge: seconds('maxAge', options.maxAge ?? 60, 1),
    leeway: seconds('leeway', options.leeway ?? 5, 0),
    algorithms,
    realm,
    clock,
  }
}

/** The one `DPoP` header of a request (RFC 9449 section 4.3, step 1). */
export function proofIn(request: RequestView): string | AuthError {
  const proofs = headerLines(messageOf(request), 'dpop')
  return proofs.length === 1 ? (proofs[0] as string) : MISSING
}

/** What a proof proved: whose key, and what it must be remembered by. */
export interface Proven {
  readonly thumbprint: string
  readonly jti: string
  readonly iat: number
}

/**
 * Checks a proof for this request, and for this token where there is one (RFC 9449 section 4.3, steps 2 to 12). `thumbprint`:
 * whose it must be; another's costs no signature. Whether it was used before, `isNew` says.
 */
export function proveKey(
  proof: string,
  { token, thumbprint }: { readonly token?: string; readonly thumbprint?: string },
  request: RequestView,
  { base, nonces: given, maxAge, leeway, algorithms, clock }: Course,
): Proven | AuthError {
  const type = 'dpop+jwt'
  const verified = verifyKeyProof(proof, { type, algorithms, ...(thumbprint !== undefined && { thumbprint }) })
  if (isAuthError(verified)) return verified
  const { htm, htu, iat, jti, ath, nonce } = verified.claims
  if (htm !== messageOf(request).method) return METHOD
  if (typeof htu !== 'string' || !isTarget(htu, base + pathOf(request))) return TARGET
  if (typeof jti !== 'string' || jti === '' || jti.length > MAX_ID) return ID
  const age = clock() / 1000 - (typeof iat === 'number' ? iat : Number.NaN)
  if (!(age <= maxAge && age >= -leeway)) return TIME
  if (token !== undefined && (typeof ath !== 'string' || !isSame(ath, hash('sha256', token, 'base64url')))) return HASH
  if (given && !given.isGood(nonce)) return given.demand()
  return { thumbprint: verified.thumbprint, jti, iat: iat as number }
}

/** Scheme, host and port as `URL` has them; the path as it is spelled. */
function isTarget(htu: string, target: string): boolean {
  const [one, other] = [URL.parse(htu), URL.parse(target)]
  return one !== null && one.href === other?.href
}

/** Remembers a proof; false for one that was there. Last, so that only what is right costs the store anything. */
export async function isNew({ thumbprint, jti, iat }: Proven, { replay, maxAge, leeway }: Course): Promise<boolean> {
  if (replay === false) return true
  const key = `dpop:${hash('sha256', `${thumbprint} ${jti}`, 'base64url')}`
  return replay.commit([{ key, value: '', expected: null, expiresAt: (iat + maxAge + leeway) * 1000 }])
}

function isSame(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)]
  return a.length === b.length && timingSafeEqual(a, b)
}
