import { isLoopback, isUnavailable, Unavailable } from '@countersign/http'
import {
  AuthorizationResponseError,
  allowInsecureRequests,
  type ClientAuth,
  ClientError,
  type Configuration,
  customFetch,
  discovery,
  enableNonRepudiationChecks,
  ResponseBodyError,
} from 'openid-client'
import { type Configured, configurationError } from './configuration-error.ts'
import { type Fetch, providerFetch } from './provider-fetch.ts'

export interface Connection {
  /** openid-client's view of the provider: its metadata, fetched once and again after an hour. Throws `Unavailable`. */
  configuration(): Promise<Configuration>
  /** What an error of openid-client is, where the configuration is at fault. */
  fault(error: unknown): Error
}

/** Seconds that one request to a provider may take. */
const TIMEOUT = 5
/** Milliseconds after which metadata is fetched anew. What is known serves on while that fails. */
const FRESH = 3_600_000

/** Connects to a provider when first asked; any number of callers wait for one fetch. */
export function connect(of: Configured, authentication: ClientAuth, fetch: Fetch): Connection {
  const { issuer, clientId } = of
  const url = new URL(issuer)
  const fault = (error: unknown) => configurationError(of, error)
  let known: { readonly configuration: Configuration; readonly until: number } | undefined
  let fetching: Promise<Configuration> | undefined

  async function discover(): Promise<Configuration> {
    const configuration = await discovery(url, clientId, undefined, authentication, {
      [customFetch]: providerFetch(fetch),
      timeout: TIMEOUT,
      // Signatures of ID tokens are verified too, though they come straight from the provider (OpenID Connect Core section 3.1.3.7).
      execute: [enableNonRepudiationChecks, ...(isLoopback(url) ? [allowInsecureRequests] : [])],
    }).catch((error: unknown) => {
      throw unavailableIn(error) ?? fault(error)
    })
    known = { configuration, until: performance.now() + FRESH }
    return configuration
  }

  return {
    fault,
    async configuration() {
      if (known && performance.now() < known.until) return known.configuration
      fetching ??= discover().finally(() => (fetching = undefined))
      const { configuration } = known ?? {}
      if (!configuration) return fetching
      fetching.catch(() => undefined)
      return configuration
    },
  }
}

/** What openid-client could not have, or could not read: the provider's fault, which passes. */
const BROKEN: ReadonlySet<string | undefined> = new Set([
  'OAUTH_RESPONSE_IS_NOT_JSON',
  'OAUTH_RESPONSE_IS_NOT_CONFORM',
  'OAUTH_PARSE_ERROR',
  'OAUTH_TIMEOUT',
  'OAUTH_ABORT',
])

/** The `Unavailable` that an error of openid-client is, or stands for. */
export function unavailableIn(error: unknown): Unavailable | undefined {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++)
    if (isUnavailable(at)) return at
  if (error instanceof ClientError && BROKEN.has(error.code))
    return new Unavailable('the provider', { cause: new Error(error.code) })
  return undefined
}

/** What a token endpoint said no for, in the words of RFC 6749 section 5.2. */
export function refusedGrant(error: unknown): string | undefined {
  return error instanceof ResponseBodyError ? error.error : undefined
}

/** What an authorization endpoint sent the browser back with. */
export function refusedAuthorization(error: unknown): string | undefined {
  return error instanceof AuthorizationResponseError ? error.error : undefined
}
