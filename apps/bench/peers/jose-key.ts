import { type CryptoKey, importSPKI } from 'jose'
import type { Settings } from '../settings.ts'

/** A CryptoKey: the form that jose need not convert at each call. */
export async function joseKey({ secret, publicKey, algorithm }: Settings): Promise<CryptoKey> {
  if (secret === undefined) return await importSPKI(publicKey as string, algorithm)
  const hmac = { name: 'HMAC', hash: 'SHA-256' }
  return await crypto.subtle.importKey('raw', Buffer.from(secret), hmac, false, ['verify'])
}
