export type { Algorithm } from './algorithm.ts'
export type { Claims, TokenPrincipal } from './claims.ts'
export type { RefreshReuse, RevokedEvent } from './event.ts'
export type { Fetch } from './fetch-json.ts'
export type {
  Endpoint,
  IssueOptions,
  LocalIssuer,
  RefreshOptions,
  RevokeNames,
  SigningKeyInfo,
  TokenResponse,
} from './issuer.ts'
export { type VerifiedJws, verifyJws } from './jws.ts'
export type { Jwk, JwkSet, KeySource, VerificationKey } from './key.ts'
export { importKeys, type KeySet } from './key-set.ts'
export { type LegacyTokens, type LegacyTokensOptions, legacyTokens } from './legacy-tokens.ts'
export { localIssuer } from './local-issuer.ts'
export type { LocalIssuerOptions } from './local-issuer-options.ts'
export type { VerifierOptions } from './options.ts'
export type { RefreshTimes } from './refresh-family.ts'
export { type RemoteIssuerOptions, remoteIssuer, type UnboundIssuer } from './remote-issuer.ts'
export type { SigningAlgorithm } from './signing-keys.ts'
export type { StoreLike } from './store-like.ts'
export type { TokenVerifier } from './verifier.ts'
