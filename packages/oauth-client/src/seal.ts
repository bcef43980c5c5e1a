import { createCipheriv, createDecipheriv, createSecretKey, hkdfSync, type KeyObject, randomBytes } from 'node:crypto'

/** Hides values in texts that others carry or keep: AES-256-GCM. `place` is what a text is good for; elsewhere it does not open. */
export interface Seal {
  close(place: string, value: unknown): string
  /** What was closed for this place by any of the secrets; `undefined` for everything else. */
  open(place: string, text: string): unknown
}

const IV = 12
const TAG = 16

/** The first secret closes, all of them open. `purpose` parts keys of one secret that are for different things. */
export function sealOf(secrets: readonly Uint8Array[], purpose: string): Seal {
  const keys = secrets.map((secret) =>
    createSecretKey(Buffer.from(hkdfSync('sha256', secret, '', `countersign oauth-client ${purpose}`, 32))),
  )
  return {
    close(place, value) {
      const iv = randomBytes(IV)
      const cipher = createCipheriv('aes-256-gcm', keys[0] as KeyObject, iv).setAAD(Buffer.from(place))
      const hidden = cipher.update(JSON.stringify(value), 'utf8')
      return Buffer.concat([iv, hidden, cipher.final(), cipher.getAuthTag()]).toString('base64url')
    },
    open(place, text) {
      const bytes = Buffer.from(text, 'base64url')
      if (bytes.length <= IV + TAG) return undefined
      for (const key of keys) {
        const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, IV), { authTagLength: TAG })
        decipher.setAAD(Buffer.from(place)).setAuthTag(bytes.subarray(-TAG))
        try {
          const shown = Buffer.concat([decipher.update(bytes.subarray(IV, -TAG)), decipher.final()])
          return JSON.parse(shown.toString()) as unknown
        } catch {}
      }
      return undefined
    },
  }
}

/** The `secret` option: at least 32 bytes, their base64url text, or a list of these with the newest first. */
export function secretsOption(maker: string, option: unknown): readonly Uint8Array[] {
  const list: readonly unknown[] = Array.isArray(option) ? option : [option]
  if (list.length === 0) throw wrongSecret(maker)
  return list.map((secret) => {
    const bytes = typeof secret === 'string' ? Buffer.from(secret, 'base64url') : secret
    const isExact = typeof secret !== 'string' || (bytes as Buffer).toString('base64url') === secret
    if (!(bytes instanceof Uint8Array) || bytes.length < 32 || !isExact) throw wrongSecret(maker)
    return Uint8Array.from(bytes)
  })
}

function wrongSecret(maker: string): TypeError {
  return new TypeError(
    `${maker}: secret must be at least 32 random bytes that all processes share, their base64url text (\`openssl rand 32 | basenc --base64url -w0 | tr -d =\`), or a list of these, the newest first`,
  )
}
