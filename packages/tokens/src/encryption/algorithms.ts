/** How the content key is protected (RFC 7518 section 4.1, RFC 8037). No RSA1_5: its padding tells too much. */
export type KeyAlgorithm =
  | 'ECDH-ES'
  | 'ECDH-ES+A128KW'
  | 'ECDH-ES+A192KW'
  | 'ECDH-ES+A256KW'
  | 'RSA-OAEP'
  | 'RSA-OAEP-256'
  | 'RSA-OAEP-384'
  | 'RSA-OAEP-512'
  | 'A128KW'
  | 'A192KW'
  | 'A256KW'
  | 'A128GCMKW'
  | 'A192GCMKW'
  | 'A256GCMKW'
  | 'PBES2-HS256+A128KW'
  | 'PBES2-HS384+A192KW'
  | 'PBES2-HS512+A256KW'
  | 'dir'

/** How the content is encrypted (RFC 7518 section 5.1). */
export type ContentAlgorithm = 'A128GCM' | 'A192GCM' | 'A256GCM' | 'A128CBC-HS256' | 'A192CBC-HS384' | 'A256CBC-HS512'

const ECDH = ['ECDH-ES', 'ECDH-ES+A128KW', 'ECDH-ES+A192KW', 'ECDH-ES+A256KW'] as const
const OAEP = ['RSA-OAEP-256', 'RSA-OAEP-384', 'RSA-OAEP-512'] as const
const AES = ['dir', 'A128KW', 'A192KW', 'A256KW', 'A128GCMKW', 'A192GCMKW', 'A256GCMKW'] as const
const PBES2 = ['PBES2-HS256+A128KW', 'PBES2-HS384+A192KW', 'PBES2-HS512+A256KW'] as const

/** What a key may serve unless told otherwise, by its `kty`. RSA-OAEP (SHA-1) and passwords only where they are named. */
export const KEY_ALGORITHMS: Readonly<Record<string, readonly KeyAlgorithm[]>> = {
  EC: ECDH,
  OKP: ECDH,
  RSA: OAEP,
  oct: AES,
}
export const NAMED_ALGORITHMS: readonly KeyAlgorithm[] = [...ECDH, 'RSA-OAEP', ...OAEP, ...AES, ...PBES2]
export const CONTENT_ALGORITHMS: readonly ContentAlgorithm[] = [
  'A256GCM',
  'A192GCM',
  'A128GCM',
  'A256CBC-HS512',
  'A192CBC-HS384',
  'A128CBC-HS256',
]
/** The most PBKDF2 rounds that a sender may ask of us: each message could cost minutes otherwise. */
export const MAX_ROUNDS = 10_000
