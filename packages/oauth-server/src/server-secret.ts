import { randomBytes } from 'node:crypto'
import { Unavailable } from '@countersign/http'
import type { StoreLike } from '@countersign/tokens'

/**
 * 32 random bytes that all processes on one store share: what forms and DPoP nonces are made with. Made at first use. It
 * opens nothing by itself.
 */
export function serverSecret(store: StoreLike, name: string): () => Promise<Uint8Array> {
  let known: Uint8Array | undefined
  return async () => {
    if (known) return known
    const made = randomBytes(32).toString('base64url')
    const isFirst =
      (await store.get(name)) === undefined && (await store.commit([{ key: name, value: made, expected: null }]))
    const value = isFirst ? made : (await store.get(name))?.value
    if (value === undefined) throw new Unavailable('the store of the authorization server')
    known = Buffer.from(value, 'base64url')
    return known
  }
}
