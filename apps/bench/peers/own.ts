// What both servers of ours stand on.
import { apiKeys } from '@countersign/api-keys'
import { hashPassword, passwordLogin } from '@countersign/passwords'
import { apiKey, basic, bearer, policy } from '@countersign/policy'
import { defineSchema } from '@countersign/schema'
import { memoryStore } from '@countersign/store'
import { type JwtVerifier, localIssuer, remoteIssuer } from '@countersign/tokens'
import { POST_SCHEMA } from '../post.ts'
import { SCOPE, type Settings, USER } from '../settings.ts'

export const newPost = defineSchema(POST_SCHEMA)

/** One policy a way to authenticate, each asking for the scope, and a key that was made. */
export async function own(settings: Settings) {
  const store = memoryStore()
  const keys = apiKeys({ prefix: 'bench', store })
  const made = await keys.create({ subject: 'user-1', scopes: [SCOPE] })
  const user = { subject: 'user-1', passwordHash: await hashPassword(USER.password), scopes: [SCOPE] }
  const users = passwordLogin({ find: (name) => (name === USER.username ? user : undefined) })
  return {
    key: made.key,
    byToken: policy({ accept: bearer(await verifier(settings, store)), scopes: [SCOPE] }),
    byKey: policy({ accept: apiKey(keys), scopes: [SCOPE] }),
    byPassword: policy({ accept: basic(users), scopes: [SCOPE] }),
  }
}

/** What judges tokens, on a store of its own. */
export const tokensOf = (settings: Settings): Promise<JwtVerifier> => verifier(settings, memoryStore())

/** Asks for a token with the scope. */
export async function readers(settings: Settings) {
  return policy({ accept: bearer(await tokensOf(settings)), scopes: [SCOPE] })
}

/** README of tokens: `localIssuer`, with a hundred revocations in force; `remoteIssuer` for a verifier without keys. */
async function verifier(settings: Settings, store: ReturnType<typeof memoryStore>): Promise<JwtVerifier> {
  const { issuer, audience, signingJwk, jwksUrl } = settings
  if (signingJwk === undefined)
    return remoteIssuer(issuer, { audience, ...(jwksUrl !== undefined && { jwksUri: jwksUrl }) })
  const tokens = localIssuer({ issuer, audience, store, keys: { keys: [signingJwk] } })
  for (let number = 0; number < 100; number++) await tokens.revoke({ jti: `revoked-${number}` })
  return tokens
}
