import { createPublicKey, type JsonWebKey } from 'node:crypto'
import { readFile } from 'node:fs/promises'

const MOST = 1024 * 1024

/** The public keys of a JWK Set, from a file or an address. Throws in words that begin with --jwks. */
export async function publicKeys(where: string): Promise<JsonWebKey[]> {
  const text = await (/^https?:/.test(where) ? fetched(where) : readFile(where, 'utf8')).catch((error) => {
    throw new Error(`--jwks cannot be read: ${error.message}`)
  })
  if (Buffer.byteLength(text) > MOST) throw new Error('--jwks is larger than 1 MiB')
  const keys = keysIn(text)
  if (!Array.isArray(keys)) throw new Error('--jwks must be a JWK Set: a JSON object with "keys"')
  const usable = keys.filter(isPublic)
  if (usable.length === 0) throw new Error('--jwks holds no public key (RSA, EC or OKP)')
  return usable
}

async function fetched(where: string): Promise<string> {
  const answer = await fetch(where, { redirect: 'error', signal: AbortSignal.timeout(5000) })
  if (!answer.ok) throw new Error(`${where} answered ${answer.status}`)
  let text = ''
  for await (const part of answer.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += part
    if (text.length > MOST) break
  }
  return text
}

function keysIn(text: string): unknown {
  try {
    return JSON.parse(text)?.keys
  } catch {
    return undefined
  }
}

/** What key confusion can take for a secret. */
function isPublic(key: unknown): key is JsonWebKey {
  try {
    createPublicKey({ key: key as JsonWebKey, format: 'jwk' })
    return true
  } catch {
    return false
  }
}
