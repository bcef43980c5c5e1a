import {
  constants,
  createHmac,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  KeyObject,
  sign,
  timingSafeEqual,
  verify,
} from 'node:crypto'

/** The names of RFC 9421 section 3.3, but for RSA with PKCS #1 v1.5 and HMAC by a longer hash: nobody should begin with those. */
export type Algorithm = 'ed25519' | 'ecdsa-p256-sha256' | 'ecdsa-p384-sha384' | 'rsa-pss-sha512' | 'hmac-sha256'

interface Means {
  readonly fits: (key: KeyObject) => boolean
  readonly wants: string
  readonly sign: (key: KeyObject, base: Buffer) => Buffer
  readonly verify: (key: KeyObject, base: Buffer, signature: Buffer) => boolean
}

const PSS = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 64 } as const
/** The signature is r and s, not DER (RFC 9421 section 3.3.4). */
const PLAIN = { dsaEncoding: 'ieee-p1363' } as const

const MEANS: Readonly<Record<Algorithm, Means>> = {
  ed25519: {
    fits: (key) => key.asymmetricKeyType === 'ed25519',
    wants: 'an Ed25519 key',
    sign: (key, base) => sign(null, base, key),
    verify: (key, base, signature) => verify(null, base, key, signature),
  },
  'ecdsa-p256-sha256': curve('sha256', 'prime256v1', 64, 'P-256'),
  'ecdsa-p384-sha384': curve('sha384', 'secp384r1', 96, 'P-384'),
  'rsa-pss-sha512': {
    fits: ({ asymmetricKeyType, asymmetricKeyDetails }) =>
      (asymmetricKeyType === 'rsa' || asymmetricKeyType === 'rsa-pss') &&
      (asymmetricKeyDetails?.modulusLength ?? 0) >= 2048 &&
      (asymmetricKeyDetails?.publicExponent ?? 0n) >= 65_537n,
    wants: 'an RSA key of 2048 bits or more',
    sign: (key, base) => sign('sha512', base, { key, ...PSS }),
    verify: (key, base, signature) => verify('sha512', base, { key, ...PSS }, signature),
  },
  'hmac-sha256': {
    fits: ({ type, symmetricKeySize }) => type === 'secret' && (symmetricKeySize ?? 0) >= 32,
    wants: 'a secret of 32 bytes or more',
    sign: hmac,
    verify(key, base, signature) {
      const own = hmac(key, base)
      return own.length === signature.length && timingSafeEqual(own, signature)
    },
  },
}

function curve(hash: string, namedCurve: string, length: number, name: string): Means {
  return {
    fits: ({ asymmetricKeyType, asymmetricKeyDetails }) =>
      asymmetricKeyType === 'ec' && asymmetricKeyDetails?.namedCurve === namedCurve,
    wants: `a key on the curve ${name}`,
    sign: (key, base) => sign(hash, base, { key, ...PLAIN }),
    verify: (key, base, signature) => signature.length === length && verify(hash, base, { key, ...PLAIN }, signature),
  }
}

function hmac(key: KeyObject, base: Buffer): Buffer {
  return createHmac('sha256', key).update(base).digest()
}

/** A `KeyObject`, a PEM text, a JWK, or for HMAC the bytes. */
export type KeyMaterial = KeyObject | string | Uint8Array | Readonly<Record<string, unknown>>

/** A key that fits its algorithm. Throws a TypeError, without the key, for what does not. */
export function keyFor(maker: string, algorithm: Algorithm, given: KeyMaterial, use: 'sign' | 'verify'): KeyObject {
  const means = Object.hasOwn(MEANS, algorithm) ? MEANS[algorithm] : undefined
  if (!means) throw new TypeError(`${maker}: "algorithm" must be one of ${Object.keys(MEANS).join(', ')}`)
  const key = imported(algorithm, given, use)
  const isRight = key && (key.type === 'secret' || key.type === (use === 'sign' ? 'private' : 'public'))
  if (isRight && means.fits(key)) return key
  const half = algorithm === 'hmac-sha256' ? '' : `, the ${use === 'sign' ? 'private' : 'public'} one`
  throw new TypeError(`${maker}: "key" must be ${means.wants} for ${algorithm}${half}`)
}

function imported(algorithm: Algorithm, given: KeyMaterial, use: 'sign' | 'verify'): KeyObject | undefined {
  try {
    if (given instanceof KeyObject) return given
    if (algorithm === 'hmac-sha256') return secretOf(given)
    if (given instanceof Uint8Array || given === null) return undefined
    const isPrivate = typeof given === 'string' ? given.includes('PRIVATE') : typeof given === 'object' && 'd' in given
    // node would take the public half of it: a verifier that holds a private key is a mistake somewhere else.
    if (isPrivate && use === 'verify') return undefined
    const create = use === 'sign' ? createPrivateKey : createPublicKey
    return typeof given === 'string' ? create(given) : create({ key: { ...given }, format: 'jwk' })
  } catch {
    return undefined
  }
}

function secretOf(given: Exclude<KeyMaterial, KeyObject>): KeyObject | undefined {
  if (typeof given === 'string') return createSecretKey(Buffer.from(given))
  if (given instanceof Uint8Array) return createSecretKey(given)
  const { kty, k } = given
  return kty === 'oct' && typeof k === 'string' ? createSecretKey(Buffer.from(k, 'base64url')) : undefined
}

/** What a signature base becomes: fields are bytes, which node and `fetch` show as Latin-1. */
export function signatureOf(algorithm: Algorithm, key: KeyObject, base: string): Buffer {
  return MEANS[algorithm].sign(key, Buffer.from(base, 'latin1'))
}

export function isSignatureOf(algorithm: Algorithm, key: KeyObject, base: string, signature: Uint8Array): boolean {
  return MEANS[algorithm].verify(key, Buffer.from(base, 'latin1'), Buffer.from(signature))
}
