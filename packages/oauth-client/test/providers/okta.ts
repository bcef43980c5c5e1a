import { okta } from '@countersign/oauth-client'
import type { ProviderFixture } from './provider-fixture.ts'

const CLIENT = '0oa1c2d3e4F5g6h7i8j9'
const ORG = 'https://acme.okta.com'
const CUSTOM = `${ORG}/oauth2/default`
const metadataOf = (issuer: string, base: string) => ({
  issuer,
  authorization_endpoint: `${base}/v1/authorize`,
  token_endpoint: `${base}/v1/token`,
  userinfo_endpoint: `${base}/v1/userinfo`,
  jwks_uri: `${base}/v1/keys`,
  end_session_endpoint: `${base}/v1/logout`,
  response_types_supported: [
    'code',
    'id_token',
    'code id_token',
    'code token',
    'id_token token',
    'code id_token token',
  ],
  subject_types_supported: ['public'],
  id_token_signing_alg_values_supported: ['RS256'],
  scopes_supported: ['openid', 'profile', 'email', 'address', 'phone', 'offline_access', 'device_sso'],
  code_challenge_methods_supported: ['S256'],
})
const claims = {
  ver: 1,
  iss: CUSTOM,
  aud: CLIENT,
  sub: '00uid4BxXw6I6TV4m0g3',
  name: 'Ada',
  amr: ['pwd'],
  idp: '00o1bkkggNuNxFmjg0g3',
  jti: 'ID.x',
  auth_time: 1_795_000_000,
  groups: ['Everyone', 'admins'],
}

export const fixture: ProviderFixture = {
  pages: [
    {
      url: 'https://developer.okta.com/docs/api/openapi/okta-oauth/oauth/tag/CustomAS',
      read: '2026-11-21',
      says: 'the issuer of a custom authorization server is /oauth2/{id}, its metadata and endpoints; that of the org is the org itself, with endpoints under /oauth2/v1',
    },
    {
      url: 'https://developer.okta.com/docs/guides/customize-tokens-groups-claim/add-groups-claim-custom-as/',
      read: '2026-11-21',
      says: 'groups in ID tokens of either kind of server, where a claim is added for it',
    },
  ],
  metadata: { [CUSTOM]: metadataOf(CUSTOM, CUSTOM), [ORG]: metadataOf(ORG, `${ORG}/oauth2`) },
  accepted: [
    {
      name: 'of a custom authorization server, with groups',
      provider: () => okta({ domain: 'acme.okta.com', authorizationServer: 'default' }),
      clientId: CLIENT,
      claims,
      asked: { scope: 'openid profile email offline_access' },
      notAsked: ['prompt'],
      principal: { subject: claims.sub, roles: ['Everyone', 'admins'], authTime: 1_795_000_000 },
      logout: `${CUSTOM}/v1/logout`,
      logoutHas: { id_token_hint: /^eyJ/ },
    },
    {
      name: 'of the org',
      provider: () => okta({ domain: 'acme.okta.com' }),
      clientId: CLIENT,
      claims: { ...claims, iss: ORG, groups: undefined },
      asked: {},
      principal: { subject: claims.sub },
      logout: `${ORG}/oauth2/v1/logout`,
    },
  ],
  refused: [
    {
      name: 'of the org, where a custom server is meant',
      of: 'of a custom authorization server, with groups',
      claims: { iss: ORG },
      says: '400 invalid_request',
    },
    {
      name: 'of a custom server, where the org is meant',
      of: 'of the org',
      claims: { iss: CUSTOM },
      says: '400 invalid_request',
    },
    {
      name: 'for another application',
      of: 'of the org',
      claims: { aud: 'api://default' },
      says: '400 invalid_request',
    },
  ],
}
