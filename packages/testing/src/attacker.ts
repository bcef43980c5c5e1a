import { constants, createHmac, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Jwk } from '@countersign/tokens'
import { selfSigned } from './certificate.ts'

/** The `kid` of the attacker's keys, in the set that `serveAttackerKeys` serves. */
export const ATTACKER_KID = 'attacker'
const SECRET = 'not the secret of this server: an attacker made it up'

/** Signs with a key pair of the attacker's own, of the algorithm that a token has. */
export function forge(alg: unknown, input: string): string {
  const { hash, key } = ownKey(`${alg}`)
  const signature = key
    ? sign(hash, Buffer.from(input), { key, dsaEncoding: 'ieee-p1363', ...paddingOf(`${alg}`) })
    : createHmac(hash ?? 'sha256', SECRET)
        .update(input)
        .digest()
  return `${input}.${signature.toString('base64url')}`
}

/** The key that `forge` signs with, as a verifier takes it: public, or for HMAC the secret itself. */
export function ownJwk(alg: unknown): Jwk {
  const { key } = ownKey(`${alg}`)
  return key
    ? createPublicKey(key).export({ format: 'jwk' })
    : { kty: 'oct', k: Buffer.from(SECRET).toString('base64url') }
}

/** A certificate of the attacker's own for that key (DER); none for HMAC. */
export function ownCertificate(alg: unknown): Buffer | undefined {
  const { key } = ownKey(`${alg}`)
  return key && selfSigned(key)
}

/** Where the attacker's key set and certificate for an algorithm are. */
export const setOf = (keyServer: string | undefined, alg: unknown) => `${keyServer}/${alg}/jwks.json`
export const chainOf = (keyServer: string | undefined, alg: unknown) => `${keyServer}/${alg}/chain.pem`

export interface AttackerKeys {
  /** For `attacksOn`. */
  readonly url: string
  close(): Promise<void>
}

/**
 * Serves an attacker's keys on the loopback, for tokens whose header points there (`jku`, `x5u`): whoever obeys it lets
 * them in. Close it after the attacks were sent; a test that forgets to still ends.
 */
export async function serveAttackerKeys(): Promise<AttackerKeys> {
  const server = createServer((request, response) => {
    const [, alg = '', file] = /^\/([A-Za-z0-9]{5,6})\/(jwks\.json|chain\.pem)$/.exec(request.url ?? '') ?? []
    const certificate = file === 'chain.pem' ? ownCertificate(alg) : undefined
    if (file === 'jwks.json')
      response
        .writeHead(200, { 'content-type': 'application/jwk-set+json' })
        .end(JSON.stringify({ keys: [{ ...ownJwk(alg), alg, kid: ATTACKER_KID, use: 'sig' }] }))
    else if (certificate)
      response.writeHead(200, { 'content-type': 'application/pem-certificate-chain' }).end(pem(certificate))
    else response.writeHead(404).end()
  })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve))
  server.unref()
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function pem(certificate: Buffer): string {
  const lines = certificate.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
}

interface OwnKey {
  readonly hash: string | null
  /** None for HMAC. */
  readonly key: KeyObject | undefined
}
const own = new Map<string, OwnKey>()

/** Made when it is first needed. */
function ownKey(alg: string): OwnKey {
  let known = own.get(alg)
  if (!known) own.set(alg, (known = makeKey(alg)))
  return known
}

function makeKey(alg: string): OwnKey {
  const hash = `sha${/(256|384|512)K?$/.exec(alg)?.[1] ?? '256'}`
  if (alg.startsWith('HS')) return { hash, key: undefined }
  if (alg.startsWith('ES')) {
    const namedCurve = { ES384: 'P-384', ES512: 'P-521', ES256K: 'secp256k1' }[alg] ?? 'P-256'
    return { hash, key: generateKeyPairSync('ec', { namedCurve }).privateKey }
  }
  if (alg.startsWith('RS') || alg.startsWith('PS'))
    return { hash, key: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey }
  return { hash: null, key: generateKeyPairSync('ed25519').privateKey }
}

function paddingOf(alg: string) {
  return (
    alg.startsWith('PS') && { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
  )
}
