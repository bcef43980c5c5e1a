import { createHash, randomBytes } from 'node:crypto'
import {
  type Answer,
  BODY_LIMIT,
  isAuthError,
  json,
  parseJson,
  Refused,
  type RequestView,
  readBody,
} from '@countersign/http'
import { httpSignature, signAnswers } from '@countersign/http-signatures'
import { allOf, bearer, policy } from '@countersign/policy'
import type { Store } from '@countersign/store'
import type { LocalIssuer } from '@countersign/tokens'
import { decryptBody, encryptBody } from '@countersign/tokens/encryption'

/** Known to everyone, so for the demonstration alone: other hosts get secrets of their own, which nobody knows. */
export const DEMO_SECRETS = Object.freeze({
  /** hmac-sha256, `keyid` `demo` for requests and `sample` for answers. */
  signature: 'countersign-demo-signature-secret',
  /** The bytes of an AES key, `kid` `demo`: dir with A256GCM, or A256KW. */
  encryption: 'countersign-demo-encryption-key!',
})

const JWE = { types: ['application/jose'], limit: BODY_LIMIT }
const JSON_BODY = { types: ['application/json'], limit: BODY_LIMIT }

interface Parts {
  readonly own: LocalIssuer
  readonly store: Store
  readonly demo: boolean
  /** What clients sign for as the target, before the path. */
  readonly origin: string
}

/** The two echoes: a signed body for a signed answer, and an encrypted one for an encrypted one. */
export function echoOf({ own, store, demo, origin }: Parts) {
  const realm = 'sample'
  const token = bearer(own, { realm })
  const secret = demo ? DEMO_SECRETS.signature : randomBytes(32).toString('hex')
  const shared = { algorithm: 'hmac-sha256', key: secret } as const
  const keys = demo ? { demo: { ...shared, subject: 'demo-signer' } } : {}
  const signature = httpSignature({
    origin,
    realm,
    keys,
    replay: store,
    components: ['@method', '@target-uri', 'authorization'],
  })
  const sign = signAnswers({ origin, keyid: 'sample', ...shared })
  const bytes = demo ? Buffer.from(DEMO_SECRETS.encryption) : randomBytes(32)
  const key = { kty: 'oct', kid: demo ? 'demo' : nameOf(bytes), k: bytes.toString('base64url') }

  return {
    signed: {
      policy: policy({ name: 'signed echo', accept: allOf(token, signature) }),
      async handle(request: RequestView): Promise<Answer> {
        const body = taken(await readBody(request, JSON_BODY))
        return sign(json(200, { echo: taken(parseJson(body)).value }, { 'cache-control': 'no-store' }), request)
      },
    },
    encrypted: {
      policy: policy({ name: 'encrypted echo', accept: token }),
      async handle(request: RequestView): Promise<Answer> {
        const text = Buffer.from(taken(await readBody(request, JWE))).toString('latin1')
        const { value } = taken(await decryptBody(text, key))
        const body = Buffer.from(await encryptBody({ echo: value }, key))
        const headers = {
          'content-type': 'application/jose',
          'content-length': `${body.length}`,
          'cache-control': 'no-store',
        }
        return { status: 200, headers, body }
      },
    },
  }
}

export type Echo = ReturnType<typeof echoOf>

function taken<T>(found: T): Exclude<T, { readonly '~error': true }> {
  if (isAuthError(found)) throw new Refused(found)
  return found as Exclude<T, { readonly '~error': true }>
}

/** Some name, the same for the same key. */
function nameOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('base64url').slice(0, 16)
}
