import { keycloak } from '@countersign/oauth-client'
import type { ProviderFixture } from './provider-fixture.ts'

const REALM = 'https://sso.acme.com/realms/acme'
const LEGACY = 'https://sso.acme.com/auth/realms/acme'
const metadataOf = (issuer: string) => ({
  issuer,
  authorization_endpoint: `${issuer}/protocol/openid-connect/auth`,
  token_endpoint: `${issuer}/protocol/openid-connect/token`,
  userinfo_endpoint: `${issuer}/protocol/openid-connect/userinfo`,
  end_session_endpoint: `${issuer}/protocol/openid-connect/logout`,
  jwks_uri: `${issuer}/protocol/openid-connect/certs`,
  response_types_supported: ['code', 'none', 'id_token', 'token', 'id_token token', 'code id_token'],
  subject_types_supported: ['public', 'pairwise'],
  id_token_signing_alg_values_supported: [
    'PS384',
    'ES384',
    'RS384',
    'HS256',
    'HS512',
    'ES256',
    'RS256',
    'HS384',
    'ES512',
    'PS256',
    'PS512',
    'RS512',
  ],
  code_challenge_methods_supported: ['plain', 'S256'],
  backchannel_logout_supported: true,
  backchannel_logout_session_supported: true,
  authorization_response_iss_parameter_supported: true,
})
const claims = {
  iss: REALM,
  aud: 'app',
  azp: 'app',
  typ: 'ID',
  sub: 'f1888f4d-5172-4359-be0c-af338505d86c',
  sid: '5c4f4b1c-4a5e-4d0b-9d51-6f0b3a0ad0a1',
  preferred_username: 'ada',
  realm_access: { roles: ['staff'] },
  resource_access: { shop: { roles: ['clerk'] } },
}
const asked = { scope: 'openid profile email' }

export const fixture: ProviderFixture = {
  pages: [
    {
      url: 'https://keycloak.org/securing-apps/oidc-layers',
      read: '2026-11-21',
      says: 'the realm is the issuer; endpoints under /protocol/openid-connect; metadata printed by a server at /realms/{name}/.well-known/openid-configuration, older ones below /auth',
    },
    {
      url: 'https://www.keycloak.org/docs/latest/server_admin/',
      read: 'no',
      says: 'roles come into ID tokens by a mapper; offline_access makes an offline session; refresh tokens come without it; back-channel logout per client',
    },
  ],
  metadata: { [REALM]: metadataOf(REALM), [LEGACY]: metadataOf(LEGACY) },
  accepted: [
    {
      name: 'with roles of the realm',
      provider: () => keycloak({ url: 'https://sso.acme.com/', realm: 'acme' }),
      clientId: 'app',
      claims,
      asked,
      notAsked: ['prompt'],
      principal: { subject: claims.sub, roles: ['staff'], credential: { session: claims.sid } },
      logout: `${REALM}/protocol/openid-connect/logout`,
      logoutHas: { client_id: 'app' },
    },
    {
      name: 'with roles of a client, below /auth',
      provider: () => keycloak({ url: 'https://sso.acme.com/auth', realm: 'acme', rolesOf: 'shop' }),
      clientId: 'app',
      claims: { ...claims, iss: LEGACY },
      asked,
      principal: { roles: ['clerk'] },
      logout: `${LEGACY}/protocol/openid-connect/logout`,
    },
    {
      name: 'without any roles',
      provider: () => keycloak({ url: 'https://sso.acme.com', realm: 'acme', rolesOf: 'toString' }),
      clientId: 'app',
      claims,
      asked,
      principal: { subject: claims.sub },
      logout: `${REALM}/protocol/openid-connect/logout`,
    },
  ],
  refused: [
    {
      name: 'of another realm',
      of: 'with roles of the realm',
      claims: { iss: 'https://sso.acme.com/realms/other' },
      says: '400 invalid_request',
    },
    {
      name: 'given to another client',
      of: 'with roles of the realm',
      claims: { aud: ['app', 'other'], azp: 'other' },
      says: '400 invalid_request',
    },
  ],
}
