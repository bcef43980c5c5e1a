// The candidates of the in-process part. Each verifies signature, issuer, audience and expiry, with a prepared key.
import { createPublicKey, createSecretKey } from 'node:crypto'
import { isAuthError } from '@countersign/http'
import { memoryStore } from '@countersign/store'
import { localIssuer } from '@countersign/tokens'
import { createVerifier, type Algorithm as FastJwtAlgorithm } from 'fast-jwt'
import { jwtVerify } from 'jose'
import jwt from 'jsonwebtoken'
import { ENTRIES } from './entries.ts'
import { floor, floorWithMap } from './floor.ts'
import { joseKey } from './peers/jose-key.ts'
import type { Jwk, Settings } from './settings.ts'

/** Whether the token is accepted. */
export type Verify = (token: string) => boolean | Promise<boolean>

export const VERIFIERS = {
  countersign: (settings: Settings) => ours(settings, false),
  'countersign, its cache': (settings: Settings, entries = ENTRIES) => ours(settings, { entries }),
  jose: async (settings: Settings): Promise<Verify> => {
    const { issuer, audience, algorithm } = settings
    const key = await joseKey(settings)
    const options = { issuer, audience, algorithms: [algorithm] }
    return async (token) => {
      try {
        return (await jwtVerify(token, key, options)).payload.sub !== undefined
      } catch {
        return false
      }
    }
  },
  jsonwebtoken: (settings: Settings): Verify => {
    const { issuer, audience, algorithm } = settings
    const key = settings.secret
      ? createSecretKey(Buffer.from(settings.secret))
      : createPublicKey(settings.publicKey as string)
    const options = { issuer, audience, algorithms: [algorithm as jwt.Algorithm] }
    return (token) => {
      try {
        return jwt.verify(token, key, options) !== undefined
      } catch {
        return false
      }
    }
  },
  'fast-jwt': (settings: Settings) => fastJwt(settings, {}),
  'fast-jwt, its cache': (settings: Settings, cache = ENTRIES) => fastJwt(settings, { cache }),
  // README, Caching: faster, and "if you are not concerned about potential information leaks".
  'fast-jwt, its cache by the bare token': (settings: Settings, cache = ENTRIES) =>
    fastJwt(settings, { cache, cacheKeyBuilder: (token: string) => token }),
  floor: (settings: Settings): Verify => {
    const judge = floor(settings)
    return (token) => judge(token) !== undefined
  },
  'floor with a map': (settings: Settings, entries = ENTRIES): Verify => {
    const judge = floorWithMap(settings, entries)
    return (token) => judge(token) !== undefined
  },
} satisfies Record<string, (settings: Settings, entries?: number) => Verify | Promise<Verify>>

export type VerifierName = keyof typeof VERIFIERS

/** `localIssuer` with its store, so with its look at revocations, a hundred of which are in force. */
async function ours(settings: Settings, cache: { entries: number } | false): Promise<Verify> {
  const { issuer, audience, signingJwk } = settings
  const own = localIssuer({ issuer, audience, store: memoryStore(), keys: { keys: [signingJwk as Jwk] }, cache })
  for (let number = 0; number < 100; number++) await own.revoke({ jti: `revoked-${number}` })
  await own.jwks() // loads
  const accepted = (verdict: unknown) => verdict !== undefined && !isAuthError(verdict)
  return (token) => {
    const verdict = own.verify(token)
    return verdict instanceof Promise ? verdict.then(accepted) : accepted(verdict)
  }
}

function fastJwt(settings: Settings, more: { cache?: number; cacheKeyBuilder?: (token: string) => string }): Verify {
  const { issuer, audience, algorithm, secret, publicKey } = settings
  const verify = createVerifier({
    key: (secret ?? publicKey) as string,
    algorithms: [algorithm as FastJwtAlgorithm],
    allowedIss: issuer,
    allowedAud: audience,
    requiredClaims: ['iss', 'aud', 'exp'],
    ...more,
  })
  return (token) => {
    try {
      return verify(token) !== undefined
    } catch {
      return false
    }
  }
}
