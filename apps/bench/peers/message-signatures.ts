// http-message-signatures 1, README "Verifying a request" and "Signing a request", covering what ours covers. The digest it leaves to its user.
import { createPublicKey, hash } from 'node:crypto'
import { createSigner, createVerifier, httpbis, type VerifierFinder } from 'http-message-signatures'
import type { Settings, SigningKeys } from '../settings.ts'
import { COVERED, KEYID, MAX_AGE, ORIGIN, SIGNATURES, type SignatureName } from '../signed-request.ts'

/** A request as the frameworks have it. */
export interface Incoming {
  readonly method?: string
  readonly url?: string
  readonly headers: Record<string, string | string[] | undefined>
}

const ANSWERED = [
  '@status',
  'content-digest',
  'content-type',
  '"@method";req',
  '"@target-uri";req',
  '"signature";req;key="sig"',
]

export function messageSignatures(name: SignatureName, { signing }: Settings) {
  const { secret, publicKey, privateKey } = signing as SigningKeys
  const shared = Buffer.from(secret, 'base64url')
  const { algorithm } = SIGNATURES[name]
  const known = {
    id: KEYID,
    algs: [algorithm],
    verify: createVerifier(name === 'hmac' ? shared : createPublicKey(publicKey), algorithm),
  }
  const keyLookup: VerifierFinder = async ({ keyid }) => (keyid === KEYID ? known : null)
  const required = {
    keyLookup,
    maxAge: MAX_AGE,
    tolerance: 30,
    requiredParams: ['created', 'keyid'],
    requiredFields: [...COVERED],
  }
  const key = createSigner(name === 'hmac' ? shared : privateKey, algorithm, 'acme')
  const messageOf = ({ method = 'GET', url = '/', headers }: Incoming) => ({
    method,
    url: ORIGIN + url,
    headers: headers as Record<string, string | string[]>,
  })
  const isSigned = async (request: Incoming): Promise<boolean> => {
    try {
      return (await httpbis.verifyMessage(required, messageOf(request))) === true
    } catch {
      return false
    }
  }
  return {
    isSigned,
    /** Whether a request is signed, and its body is the one that was signed. */
    isGood: async (request: Incoming, body: Buffer) =>
      request.headers['content-digest'] === digestOf(body) && isSigned(request),
    /** The headers of a signed answer. */
    async signed(body: string, request: Incoming) {
      const headers = { 'content-type': 'application/json; charset=utf-8', 'content-digest': digestOf(body) }
      const fields = { key, fields: ANSWERED, params: ['created', 'keyid'] }
      return (await httpbis.signMessage(fields, { status: 200, headers }, messageOf(request))).headers
    },
  }
}

function digestOf(body: Buffer | string): string {
  return `sha-256=:${hash('sha256', body, 'base64')}:`
}
