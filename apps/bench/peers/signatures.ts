// What both servers of ours verify and sign with, README of http-signatures.
import { httpSignature, signAnswers } from '@countersign/http-signatures'
import { policy } from '@countersign/policy'
import { memoryStore } from '@countersign/store'
import type { Settings, SigningKeys } from '../settings.ts'
import { COVERED, KEYID, MAX_AGE, ORIGIN, SIGNATURES, type SignatureName } from '../signed-request.ts'

export function signatures({ signing }: Settings) {
  const { secret, publicKey, privateKey } = signing as SigningKeys
  const shared = Buffer.from(secret, 'base64url')
  const pair = (name: SignatureName, key: string) => (name === 'hmac' ? shared : key)
  const verified = (name: SignatureName, replay: ReturnType<typeof memoryStore> | false) => {
    const key = { algorithm: SIGNATURES[name].algorithm, key: pair(name, publicKey), subject: 'partner' }
    return policy({
      accept: httpSignature({ origin: ORIGIN, keys: { [KEYID]: key }, replay, components: COVERED, maxAge: MAX_AGE }),
    })
  }
  const sign = (name: SignatureName) =>
    signAnswers({ origin: ORIGIN, keyid: 'acme', algorithm: SIGNATURES[name].algorithm, key: pair(name, privateKey) })
  return {
    hmac: { policy: verified('hmac', false), sign: sign('hmac') },
    ed25519: { policy: verified('ed25519', false), sign: sign('ed25519') },
    once: verified('hmac', memoryStore({ limit: 1_000_000 })),
  }
}
