import { createPublicKey, type KeyObject, sign } from 'node:crypto'

/** How each kind of key signs a certificate: its AlgorithmIdentifier (RFC 4055, RFC 5758, RFC 8410), and the hash. */
const SIGNATURES: Readonly<Record<string, { readonly identifier: string; readonly hash: string | null }>> = {
  rsa: { identifier: '300d06092a864886f70d01010b0500', hash: 'sha256' },
  ec: { identifier: '300a06082a8648ce3d040302', hash: 'sha256' },
  ed25519: { identifier: '300506032b6570', hash: null },
}
const DAY = 86_400_000

/** A certificate that a key signs for itself, good for a day (RFC 5280 section 4.1, version 1; DER). */
export function selfSigned(key: KeyObject): Buffer {
  const { identifier, hash } = SIGNATURES[`${key.asymmetricKeyType}`] as (typeof SIGNATURES)[string]
  const algorithm = Buffer.from(identifier, 'hex')
  const commonName = der(SEQUENCE, Buffer.from('0603550403', 'hex'), der(UTF8, Buffer.from('attacker')))
  const name = der(SEQUENCE, der(SET, commonName))
  const validity = der(SEQUENCE, time(Date.now() - DAY), time(Date.now() + DAY))
  const publicKey = createPublicKey(key).export({ type: 'spki', format: 'der' })
  const signed = der(SEQUENCE, der(INTEGER, Buffer.of(1)), algorithm, name, validity, name, publicKey)
  return der(SEQUENCE, signed, algorithm, der(BITS, Buffer.of(0), sign(hash, signed, key)))
}

const [INTEGER, BITS, UTF8, UTC_TIME, SEQUENCE, SET] = [0x02, 0x03, 0x0c, 0x17, 0x30, 0x31]

function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(parts)
  const bytes = body.length.toString(16)
  const length = Buffer.from(bytes.padStart(bytes.length + (bytes.length % 2), '0'), 'hex')
  const long = body.length < 128 ? [] : [0x80 | length.length]
  return Buffer.concat([Buffer.of(tag, ...long), length, body])
}

/** YYMMDDHHMMSSZ. */
function time(milliseconds: number): Buffer {
  const digits = new Date(milliseconds).toISOString().replaceAll(/\D/g, '').slice(2, 14)
  return der(UTC_TIME, Buffer.from(`${digits}Z`))
}
