import { type AuthError, authError, isAuthError, parseJson, Unavailable } from '@countersign/http'
import { type Algorithm, importKeys, type Jwk, type KeySet, type VerificationKey, verifyJws } from '@countersign/tokens'
import type { Configuration } from 'openid-client'
import { type Claims, memberOf, textOf } from './claims.ts'
import { type Fetch, providerFetch } from './provider-fetch.ts'

/** What a provider said is over. */
export interface LogoutClaims {
  readonly session?: string
  readonly subject?: string
  /** Names this token among those of its issuer. */
  readonly id: string
  /** Epoch seconds. */
  readonly at: number
  readonly expiresAt: number
}

const TYPES: readonly string[] = ['logout+jwt', 'jwt', '']
const EVENT = 'http://schemas.openid.net/event/backchannel-logout'
const ALGORITHMS: readonly Algorithm[] = [
  'RS256',
  'PS256',
  'ES256',
  'RS384',
  'PS384',
  'ES384',
  'RS512',
  'PS512',
  'ES512',
  'EdDSA',
]
/** Seconds of difference between clocks. */
const LEEWAY = 30
/** Seconds that a logout token may live: its id is remembered for as long. */
const LONGEST = 3600
/** Milliseconds: keys are fetched again for an unknown `kid` no sooner, and are trusted no longer. */
const AGAIN = 30_000
const FRESH = 600_000

const wrong = (expected: string) => authError('invalid_request', 'logout.token', { expected })

/** Verifies logout tokens of one provider for one client (OpenID Connect Back-Channel Logout 1.0 section 2.6). */
export function logoutTokens(clientId: string, fetch: Fetch, now: () => number) {
  let known: { readonly keys: KeySet; readonly uri: string; readonly at: number } | undefined
  let fetching: Promise<KeySet> | undefined

  async function load(uri: string): Promise<KeySet> {
    const init = { method: 'GET', headers: { accept: 'application/json' }, signal: AbortSignal.timeout(5000) }
    const response = await providerFetch(fetch)(uri, { ...init, body: undefined, redirect: 'manual' })
    if (response.status !== 200)
      throw new Unavailable('the key source of the provider', { cause: new Error(`${response.status}`) })
    const document = parseJson(new Uint8Array(await response.arrayBuffer()), { depth: 16 })
    const list = isAuthError(document) ? undefined : memberOf(document.value, 'keys')
    const keys = importKeys({ keys: (Array.isArray(list) ? list : []).slice(0, 100).filter(isUsable) })
    known = { keys, uri, at: performance.now() }
    return keys
  }

  async function find(
    uri: string,
    header: { readonly kid?: string; readonly alg: Algorithm },
  ): Promise<VerificationKey | undefined> {
    const age = known?.uri === uri ? performance.now() - known.at : Number.POSITIVE_INFINITY
    const found = age < FRESH ? known?.keys.find(header) : undefined
    if (found || age < AGAIN) return found
    fetching ??= load(uri).finally(() => (fetching = undefined))
    return (await fetching).find(header)
  }

  return async (token: string, configuration: Configuration): Promise<LogoutClaims | AuthError> => {
    const { issuer, jwks_uri: uri, id_token_signing_alg_values_supported: supported } = configuration.serverMetadata()
    if (uri === undefined) return wrong('a provider with a jwks_uri')
    const algorithms = ALGORITHMS.filter((one) => supported?.includes(one) ?? one === 'RS256')
    const verified = await verifyJws(token, { find: (header) => find(uri, header) }, algorithms)
    if (isAuthError(verified)) return wrong(`a good signature (${verified.reason})`)
    const type = (verified.header.typ ?? '').toLowerCase().replace(/^application\//, '')
    // The type is recommended (section 2.4), and some send `JWT`. What tells it from an ID token is its event, and no nonce.
    if (!TYPES.includes(type)) return wrong('typ logout+jwt')
    const parsed = parseJson(verified.payload, { depth: 16 })
    if (isAuthError(parsed)) return wrong('claims')
    return judge(issuer, parsed.value as Claims)
  }

  function judge(issuer: string, claims: Claims): LogoutClaims | AuthError {
    const { iss, aud, iat, exp, jti, sid, sub, nonce, events } = claims ?? {}
    if (iss !== issuer) return wrong('iss of the provider')
    if (!(Array.isArray(aud) ? aud : [aud]).includes(clientId)) return wrong('aud of this client')
    if (!isTime(iat) || !isTime(exp) || exp - iat > LONGEST) return wrong('iat and exp at most an hour apart')
    if (iat > now() + LEEWAY || now() >= exp + LEEWAY) return wrong('iat and exp around now')
    const event = memberOf(events, EVENT)
    if (typeof event !== 'object' || event === null || Array.isArray(event)) return wrong('the event of a logout')
    // What tells it from an ID token.
    if (nonce !== undefined) return wrong('no nonce')
    const [id, session, subject] = [textOf(jti), textOf(sid), textOf(sub)]
    if (id === undefined || id.length > 256) return wrong('a jti')
    if ((session === undefined && subject === undefined) || (sid !== undefined && session === undefined))
      return wrong('sid or sub')
    return {
      id,
      at: iat,
      expiresAt: exp,
      ...(session !== undefined && { session }),
      ...(subject !== undefined && { subject }),
    }
  }
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0
}

/** Whether the key policy takes it: one odd key of a provider must not shut out the others. */
function isUsable(jwk: unknown): jwk is Jwk {
  try {
    importKeys(jwk as Jwk)
    return true
  } catch {
    return false
  }
}
