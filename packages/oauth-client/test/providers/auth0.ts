import { auth0 } from '@countersign/oauth-client'
import type { ProviderFixture } from './provider-fixture.ts'

const CLIENT = '0gxLQ5Q1dCXtTkqCzMyT4CN1'
const old = 'acme.auth0.com'
const domain = 'acme.eu.auth0.com'
const metadataOf = (host: string) => ({
  issuer: `https://${host}/`,
  authorization_endpoint: `https://${host}/authorize`,
  token_endpoint: `https://${host}/oauth/token`,
  userinfo_endpoint: `https://${host}/userinfo`,
  jwks_uri: `https://${host}/.well-known/jwks.json`,
  response_types_supported: ['code', 'token', 'id_token'],
  subject_types_supported: ['public'],
  id_token_signing_alg_values_supported: ['HS256', 'RS256', 'PS256'],
  code_challenge_methods_supported: ['S256', 'plain'],
  backchannel_logout_supported: true,
  backchannel_logout_session_supported: true,
})
const claims = {
  iss: `https://${domain}/`,
  aud: CLIENT,
  sub: 'auth0|5f7c8ec7c33c6c004bbafe82',
  sid: 'nxsWdKYKdlNsPBlI1cWwyHWI4yIBMy8w',
  nickname: 'ada',
  'https://acme.com/roles': ['admin'],
}

export const fixture: ProviderFixture = {
  pages: [
    {
      url: 'https://support.auth0.com/center/s/article/how-to-enable-the-oidc-logout-url-in-discovery-endpoint',
      read: '2026-11-21',
      says: 'issuer with a slash at its end; end_session_endpoint is /oidc/logout, and in the metadata by itself only of tenants since 14 November 2023',
    },
    {
      url: 'https://auth0.com/docs/api/authentication/logout/auth-0-logout',
      read: '2026-11-21',
      says: '/v2/logout with client_id and returnTo, which must be among the Allowed Logout URLs of the application',
    },
    {
      url: 'https://auth0.com/docs/authenticate/login/logout/back-channel-logout',
      read: '2026-11-21',
      says: 'sid in ID tokens and logout tokens; both are in the metadata of Enterprise tenants',
    },
  ],
  metadata: {
    [`https://${domain}`]: { ...metadataOf(domain), end_session_endpoint: `https://${domain}/oidc/logout` },
    [`https://${old}`]: metadataOf(old),
  },
  accepted: [
    {
      name: 'for an API, with roles of an Action',
      provider: () => auth0({ domain, audience: 'https://api.acme.com', roles: 'https://acme.com/roles' }),
      clientId: CLIENT,
      claims,
      asked: { audience: 'https://api.acme.com', scope: 'openid profile email offline_access' },
      notAsked: ['prompt'],
      principal: { subject: claims.sub, roles: ['admin'] },
      logout: `https://${domain}/oidc/logout`,
      logoutHas: { post_logout_redirect_uri: 'https://app.test/', client_id: CLIENT },
    },
    {
      name: 'a tenant whose metadata has no sign-out',
      provider: () => auth0({ domain: old }),
      clientId: CLIENT,
      claims: { ...claims, iss: `https://${old}/` },
      asked: {},
      notAsked: ['audience'],
      principal: { subject: claims.sub },
      logout: `https://${old}/v2/logout`,
      logoutHas: { client_id: CLIENT, returnTo: 'https://app.test/', id_token_hint: undefined },
    },
  ],
  refused: [
    {
      name: 'an issuer without its slash',
      of: 'for an API, with roles of an Action',
      claims: { iss: `https://${domain}` },
      says: '400 invalid_request',
    },
    {
      name: 'of another tenant',
      of: 'for an API, with roles of an Action',
      claims: { iss: `https://${old}/` },
      says: '400 invalid_request',
    },
    {
      name: 'for the API',
      of: 'for an API, with roles of an Action',
      claims: { aud: 'https://api.acme.com' },
      says: '400 invalid_request',
    },
    {
      name: 'for the API too, and given to another client',
      of: 'for an API, with roles of an Action',
      claims: { aud: [CLIENT, 'https://api.acme.com'], azp: 'other' },
      says: '400 invalid_request',
    },
  ],
}
