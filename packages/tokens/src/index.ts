export type { Algorithm } from './algorithm.ts'
export { type Authority, authorityOf } from './authority.ts'
export type { Claims, TokenPrincipal } from './claims.ts'
export { publicFetch } from './direct-fetch.ts'
export type { RefreshReuse, RevokedEvent, RotationFailed, UncheckedRevocation } from './event.ts'
export type { RevocationMode } from './feed.ts'
export type { Fetch } from './fetch-json.ts'
export {
  type IntrospectedPrincipal,
  type IntrospectionOptions,
  type IntrospectionVerifier,
  introspection,
} from './introspection.ts'
export type {
  IssueOptions,
  IssuerHealth,
  IssuerKeys,
  KeyInfo,
  KeyPlan,
  LocalIssuer,
  RefreshOptions,
  RevokeNames,
  Session,
  Sessions,
  TokenResponse,
} from './issuer.ts'
export { type VerifiedJws, verifyJws } from './jws.ts'
export type { Jwk, JwkSet, KeySource, VerificationKey } from './key.ts'
export type { KeyState, RingStep } from './key-ring.ts'
export { importKeys, type KeySet } from './key-set.ts'
export { type LegacyTokens, type LegacyTokensOptions, legacyTokens } from './legacy-tokens.ts'
export { localIssuer } from './local-issuer.ts'
export type { LocalIssuerOptions } from './local-issuer-options.ts'
export type { VerifierOptions } from './options.ts'
export { type KeyProof, type KeyProofOptions, verifyKeyProof } from './proof.ts'
export type { RefreshTimes } from './refresh-family.ts'
export type { FetchOptions, RemoteOptions, RemoteVerifier } from './remote-course.ts'
export { type RemoteIssuer, type RemoteIssuerOptions, remoteIssuer } from './remote-issuer.ts'
export {
  type AllowIssuer,
  type IssuerPlace,
  type RemoteIssuersOptions,
  remoteIssuers,
} from './remote-issuers.ts'
export type { SessionRow, SessionTable } from './session-table.ts'
export type { SigningAlgorithm } from './signing-keys.ts'
export type { StoreLike } from './store-like.ts'
export type { JwtVerifier } from './verifier.ts'
