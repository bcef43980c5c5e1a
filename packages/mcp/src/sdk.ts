import { checkOptions, isAuthError, type Principal, type TokenVerifier } from '@countersign/http'
import type { ProtectedResource } from './protected-resource.ts'

/** What the official SDK knows of a caller, by shape: its `AuthInfo`. */
export interface SdkAuthInfo {
  token: string
  clientId: string
  scopes: string[]
  /** Epoch seconds. */
  expiresAt?: number
  resource: URL
  resourceMetadataUrl: string
  extra: { principal: Principal }
}

/** The official SDK's `OAuthTokenVerifier`, by shape. */
export interface SdkTokenVerifier {
  verifyAccessToken(token: string): Promise<SdkAuthInfo & { expiresAt: number }>
}

export interface SdkVerifierOptions {
  /** What it throws for a wrong token. SDK 1 wants its own `InvalidTokenError`; SDK 2 knows ours. */
  readonly error?: new (
    message: string,
  ) => Error
}

type Resource<P extends Principal = Principal> = Pick<ProtectedResource<P>, 'resource' | 'metadataUrl'> &
  TokenVerifier<P>

/**
 * A resource as the verifier of the official SDK's own `requireBearerAuth`: the same tokens, for this resource alone. A wrong token
 * is thrown as the SDK's `invalid_token` (401), and so is one without an end. What is down is thrown as it is: 500 there. The SDK's
 * middleware does not show a verifier the request, so `Host` and `Origin` are for its `hostHeaderValidation` to check.
 */
export function sdkVerifier(resource: Resource, options: SdkVerifierOptions = {}): SdkTokenVerifier {
  if (typeof resource?.verify !== 'function' || typeof resource.metadataUrl !== 'string')
    throw new TypeError('sdkVerifier() takes a protectedResource({ … })')
  checkOptions('sdkVerifier()', options, ['error'])
  const { error: Wrong = InvalidToken } = options
  return Object.freeze({
    async verifyAccessToken(token: string) {
      const judged = await resource.verify(token)
      if (judged === undefined || isAuthError(judged)) throw new Wrong(judged?.detail ?? 'The credential is not valid.')
      const { expiresAt, ...info } = sdkAuthInfo(resource, judged)
      if (expiresAt === undefined) throw new Wrong('The credential has no end.')
      return { ...info, token, expiresAt }
    },
  })
}

/**
 * A caller as the `AuthInfo` that handlers of the official SDK find in `ctx.http.authInfo`, for requests that a policy let pass. The
 * token itself is left out: a server must not pass it on (MCP, Authorization, Token Passthrough). `extra.principal` has the rest.
 */
export function sdkAuthInfo(
  resource: Pick<ProtectedResource, 'resource' | 'metadataUrl'>,
  principal: Principal,
): SdkAuthInfo {
  const { scopes = [], expiresAt, credential } = principal
  return {
    token: '',
    clientId: credential?.client ?? '',
    scopes: [...scopes],
    ...(expiresAt !== undefined && { expiresAt }),
    resource: new URL(resource.resource),
    resourceMetadataUrl: resource.metadataUrl,
    extra: { principal },
  }
}

/** Which class an error of the SDK is of is said under this symbol, across the copies of it: `OAuthError` looks there. */
const BRANDS = Symbol.for('mcp.sdk.errorBrands')

/** The SDK's `OAuthError` for an invalid token, without the SDK: its members, and its brand. */
class InvalidToken extends Error {
  override readonly name = 'OAuthError'
  readonly code = 'invalid_token'
  readonly errorUri = undefined
  constructor(message: string) {
    super(message)
    Object.defineProperty(this, BRANDS, { value: new Set(['mcp.OAuthError']) })
  }
  toResponseObject(): { error: string; error_description: string } {
    return { error: this.code, error_description: this.message }
  }
}
