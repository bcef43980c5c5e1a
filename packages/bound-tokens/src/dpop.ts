import { hash, timingSafeEqual } from 'node:crypto'
import { readAuthorization } from '@countersign/credentials'
import {
  type AuthError,
  authError,
  checkOptions,
  headerLines,
  isAuthError,
  type Maybe,
  messageOf,
  type Principal,
  pathOf,
  type RequestView,
} from '@countersign/http'
import { errorParams, type Presented, type Scheme, type SchemeOptions } from '@countersign/policy'
import { type Algorithm, type StoreLike, verifyKeyProof } from '@countersign/tokens'
import { type Nonces, nonces } from './nonces.ts'
import { type BoundVerifier, checkVerifier, type VerifiedBy } from './verifier.ts'

export interface DpopOptions<V, U> extends Omit<SchemeOptions<V, U>, 'realm'> {
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

interface DpopCredential extends Presented {
  readonly token: string
  readonly proof: string
}

const OPTIONS = ['origin', 'replay', 'nonce', 'maxAge', 'leeway', 'algorithms', 'realm', 'name', 'principal', 'clock']
const ALGORITHMS: readonly Algorithm[] = [
  'ES256',
  'EdDSA',
  'Ed25519',
  'PS256',
  'RS256',
  'ES384',
  'ES512',
  'PS384',
  'PS512',
]
const B64TOKEN = /^[A-Za-z0-9\-._~+/=]+$/
/** Characters of a proof's `jti`. */
const MAX_ID = 256

const proofFault = (reason: string, expected: string) => authError('invalid_dpop_proof', `dpop.${reason}`, { expected })
const GRAMMAR = authError('invalid_request', 'dpop.grammar', {
  expected: 'a token of letters, digits and - . _ ~ + / =',
})
const MISSING = proofFault('proof', 'one DPoP header')
const METHOD = proofFault('htm', 'the method of this request')
const TARGET = proofFault('htu', 'the URL of this request, without query and fragment')
const TIME = proofFault('iat', 'a proof that was made just now')
const ID = proofFault('jti', `a string of at most ${MAX_ID} characters`)
const HASH = proofFault('ath', 'the hash of this token')
const REPLAYED = proofFault('replayed', 'a proof that was not used before')
const UNBOUND = authError('invalid_token', 'dpop.unbound', {
  expected: 'a token that is bound to a key',
  got: 'no cnf.jkt',
})
const OTHER_KEY = authError('invalid_token', 'dpop.key', {
  expected: 'a proof by the key of the token',
  got: 'another key',
})

/**
 * Accepts tokens that are bound to a key (RFC 9449): `Authorization: DPoP …` with a proof in the `DPoP` header, made for
 * this method, this URL and this token, used once. A wrong proof is 401 `invalid_dpop_proof`, a token of another key or
 * none 401 `invalid_token`, a nonce that is missing or old 401 `use_dpop_nonce` with `DPoP-Nonce`. As bearer tokens such
 * tokens are refused by `bearer`. Throws a TypeError for wrong options.
 */
export function dpop<V extends BoundVerifier, U = VerifiedBy<V>>(
  verifier: V,
  options: DpopOptions<VerifiedBy<V>, U>,
): Scheme<'dpop', U> {
  checkVerifier('dpop()', verifier)
  const course = courseOf(options)
  const { realm, algorithms } = course

  async function check(credential: DpopCredential, request: RequestView): Promise<Principal | AuthError | undefined> {
    const proof = verifyKeyProof(credential.proof, { type: 'dpop+jwt', algorithms })
    if (isAuthError(proof)) return proof
    const wrong = checkProof(proof.claims, credential.token, request, course)
    if (wrong) return wrong
    const principal = await verifier.verify(credential.token, { bound: true })
    if (principal === undefined || isAuthError(principal)) return principal
    const jkt = confirmationOf(principal)
    if (jkt === undefined) return UNBOUND
    if (!isSame(jkt, proof.thumbprint)) return OTHER_KEY
    return (await isNew(proof.thumbprint, proof.claims, course)) ? principal : REPLAYED
  }

  const scheme: Scheme = {
    kind: 'scheme',
    of: [],
    name: options.name ?? 'dpop',
    sources: ['authorization:dpop'],
    openapi: { type: 'http', scheme: 'dpop' },
    read(request): DpopCredential | AuthError | undefined {
      const token = readAuthorization(request, 'dpop')
      if (token === undefined || isAuthError(token)) return token
      if (!B64TOKEN.test(token)) return GRAMMAR
      const proofs = headerLines(messageOf(request), 'dpop')
      return proofs.length === 1 ? { from: 'header', token, proof: proofs[0] as string } : MISSING
    },
    verify: (credential, request): Maybe<Principal | AuthError | undefined> =>
      check(credential as DpopCredential, request),
    ...(options.principal && { load: options.principal as unknown as NonNullable<Scheme['load']> }),
    ...(course.nonces && { answerHeaders: () => ({ 'dpop-nonce': (course.nonces as Nonces).current() }) }),
    challenge: (error) => ({
      scheme: 'DPoP',
      params: { realm, algs: algorithms.join(' '), ...errorParams(error) },
    }),
  }
  return Object.freeze(scheme) as Scheme<'dpop', U>
}

interface Course {
  readonly base: string
  readonly replay: Pick<StoreLike, 'commit'> | false
  readonly nonces: Nonces | undefined
  readonly maxAge: number
  readonly leeway: number
  readonly algorithms: readonly Algorithm[]
  readonly realm: string
  readonly clock: () => number
}

function courseOf<V, U>(options: DpopOptions<V, U>): Course {
  checkOptions('dpop()', options, OPTIONS)
  const { origin, replay, nonce, realm = 'api', algorithms = ALGORITHMS, clock = () => Date.now() } = options
  if (typeof origin !== 'string' || !/^https?:$/.test(URL.parse(origin)?.protocol ?? '') || /[?#]/.test(origin))
    throw new TypeError("dpop(): origin must be what your API is called from outside, such as 'https://api.acme.com'")
  if (replay !== false && typeof replay?.commit !== 'function')
    throw new TypeError(
      'dpop(): replay must be a store that all processes share, or false: then a young proof may be replayed',
    )
  if (!Array.isArray(algorithms) || algorithms.length === 0 || algorithms.some((one) => !ALGORITHMS.includes(one)))
    throw new TypeError(`dpop(): algorithms must be a list of ${ALGORITHMS.join(', ')}`)
  if (typeof realm !== 'string' || !/^[\x20-\x7e]+$/.test(realm))
    throw new TypeError('dpop(): realm must be printable ASCII')
  if (typeof clock !== 'function') throw new TypeError('dpop(): clock must be a function to epoch milliseconds')
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

function seconds(name: string, value: number, least: number): number {
  if (!Number.isInteger(value) || value < least || value > 300)
    throw new TypeError(`dpop(): ${name} must be whole seconds from ${least} to 300`)
  return value
}

/** RFC 9449 section 4.3, steps 8 to 11 and the hash of the token. */
function checkProof(
  { htm, htu, iat, jti, ath, nonce }: Readonly<Record<string, unknown>>,
  token: string,
  request: RequestView,
  { base, nonces: given, maxAge, leeway, clock }: Course,
): AuthError | undefined {
  if (htm !== messageOf(request).method) return METHOD
  if (typeof htu !== 'string' || !isTarget(htu, base + pathOf(request))) return TARGET
  if (typeof jti !== 'string' || jti === '' || jti.length > MAX_ID) return ID
  const age = clock() / 1000 - (typeof iat === 'number' ? iat : Number.NaN)
  if (!(age <= maxAge && age >= -leeway)) return TIME
  if (typeof ath !== 'string' || !isSame(ath, hash('sha256', token, 'base64url'))) return HASH
  return given && !given.isGood(nonce) ? given.demand() : undefined
}

/** Equal after the normalisation of RFC 3986 sections 6.2.2 and 6.2.3, which `URL` does. */
function isTarget(htu: string, target: string): boolean {
  const [one, other] = [URL.parse(htu), URL.parse(target)]
  return one !== null && one.href === other?.href
}

/** Remembers a proof; false for one that was there. Last, so that only what is right costs the store anything. */
async function isNew(
  thumbprint: string,
  { jti, iat }: Readonly<Record<string, unknown>>,
  { replay, maxAge, leeway }: Course,
): Promise<boolean> {
  if (replay === false) return true
  const key = `dpop:${hash('sha256', `${thumbprint} ${jti}`, 'base64url')}`
  const expiresAt = ((iat as number) + maxAge + leeway) * 1000
  return replay.commit([{ key, value: '', expected: null, expiresAt }])
}

function confirmationOf(principal: object): string | undefined {
  const cnf = (principal as { readonly claims?: { readonly cnf?: { readonly jkt?: unknown } } }).claims?.cnf
  return typeof cnf?.jkt === 'string' ? cnf.jkt : undefined
}

function isSame(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)]
  return a.length === b.length && timingSafeEqual(a, b)
}
