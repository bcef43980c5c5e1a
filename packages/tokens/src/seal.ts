import { createSecretKey, type KeyObject } from 'node:crypto'
import { compactDecrypt } from 'jose/jwe/compact/decrypt'
import { CompactEncrypt } from 'jose/jwe/compact/encrypt'
import type { Jwk } from './key.ts'
import { wrong } from './options.ts'

/** Seals private keys for the store: JWE (RFC 7516), `dir` and A256GCM. The first secret seals, all of them open. */
export interface Seal {
  close(jwk: Jwk): Promise<string>
  open(sealed: string): Promise<Jwk>
  /** The same under the first secret; as it is where that sealed it. */
  renew(sealed: string): Promise<string>
}

const MAKER = 'localIssuer'

/** `secrets`: 32 bytes, or their base64url text; the newest first when they change. */
export function sealOption(secrets: unknown): Seal {
  const keys = (Array.isArray(secrets) ? secrets : [secrets]).map(secretOf)
  if (keys.length === 0) throw wrong(MAKER, 'seal', 'at least one secret of 32 bytes')
  const close = (jwk: Jwk) =>
    new CompactEncrypt(Buffer.from(JSON.stringify(jwk)))
      .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
      .encrypt(keys[0] as KeyObject)
  return { close, open: async (sealed) => (await opened(sealed)).jwk, renew }

  async function renew(sealed: string): Promise<string> {
    const { jwk, by } = await opened(sealed)
    return by === keys[0] ? sealed : close(jwk)
  }

  async function opened(sealed: string): Promise<{ readonly jwk: Jwk; readonly by: KeyObject }> {
    for (const key of keys) {
      try {
        const { plaintext } = await compactDecrypt(sealed, key, {
          keyManagementAlgorithms: ['dir'],
          contentEncryptionAlgorithms: ['A256GCM'],
        })
        return { jwk: JSON.parse(Buffer.from(plaintext).toString()) as Jwk, by: key }
      } catch {}
    }
    throw new Error(`${MAKER}: no secret of \`seal\` opens the signing key in the store; add the one that sealed it`)
  }
}

function secretOf(secret: unknown): KeyObject {
  const bytes = typeof secret === 'string' ? Buffer.from(secret, 'base64url') : secret
  const isExact = typeof secret !== 'string' || (bytes as Buffer).toString('base64url') === secret
  if (!(bytes instanceof Uint8Array) || bytes.length !== 32 || !isExact)
    throw wrong(
      MAKER,
      'seal',
      '32 random bytes, or their base64url text: `openssl rand 32 | basenc --base64url -w0 | tr -d =`',
    )
  return createSecretKey(bytes)
}
