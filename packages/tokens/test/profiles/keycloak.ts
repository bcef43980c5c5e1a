import { keycloak } from '@countersign/tokens/profiles'
import type { ProfileFixture } from './profile-fixture.ts'

const ISSUER = 'https://sso.acme.com/realms/demo'
const SUB = 'e5346bc2-dd9f-4df8-8d0d-76e49d819811'

export const fixture: ProfileFixture = {
  pages: [
    {
      url: 'https://www.keycloak.org/docs/latest/server_admin/#audience-support',
      read: '2026-11-21',
      says: 'aud is the client id of a service, one or a list; azp is the client; the client itself is not in aud; roles of clients in resource_access. Source: docs/documentation/server_admin/topics/clients/oidc/con-audience.adoc of keycloak/keycloak at 4ca4eb5',
    },
    {
      url: 'https://github.com/deskoh/keycloak-playground/blob/master/README.md',
      read: '2026-11-21',
      says: 'access tokens as a Keycloak wrote them, decoded: one audience, and two. Keycloak’s own pages show no whole token',
    },
    {
      url: 'https://gist.github.com/volkflo/8ce36aa6861596c10e1092f1b39603c6',
      read: '2026-11-21',
      says: 'an access token with realm_access and several entries of resource_access',
    },
  ],
  invariants: {
    issuer: 'iss is the realm',
    audience: 'aud names this API; without an audience mapper there is none',
    purpose: 'typ is Bearer: ID, refresh and logout tokens have the same keys',
    client: 'azp names the client',
    'allowed client': 'it is one of clients, where there are some',
  },
  make: (options) => keycloak(options as never),
  options: { issuer: ISSUER, audience: 'api' },
  documents: {
    [`${ISSUER}/.well-known/openid-configuration`]: {
      issuer: ISSUER,
      jwks_uri: `${ISSUER}/protocol/openid-connect/certs`,
    },
    [`${ISSUER}/protocol/openid-connect/certs`]: 'jwks',
  },
  accepted: [
    {
      name: 'for one service, with its roles',
      from: 1,
      header: { alg: 'RS256', typ: 'JWT' },
      options: { rolesOf: 'api' },
      claims: {
        exp: 1622730164,
        iat: 1622726564,
        jti: 'db3db14e-94fa-47c3-8630-3d1d6c7e8bcd',
        iss: ISSUER,
        aud: 'api',
        sub: SUB,
        typ: 'Bearer',
        azp: 'webclient',
        session_state: '8180d144-c84c-4aba-af88-9aa59d50d4fa',
        acr: '1',
        resource_access: { api: { roles: ['default'] } },
        scope: 'api profile',
        groups: ['GroupA'],
        preferred_username: 'user1',
      },
      principal: {
        subject: SUB,
        scopes: ['api', 'profile'],
        roles: ['default'],
        credential: { id: 'db3db14e-94fa-47c3-8630-3d1d6c7e8bcd', client: 'webclient' },
      },
    },
    {
      name: 'for two services, with roles of the realm',
      from: 2,
      header: { alg: 'RS256', typ: 'JWT' },
      options: { audience: 'realm-management' },
      claims: {
        exp: 1611647073,
        iat: 1611646773,
        jti: '003599cf-f23c-482a-a21f-6e0b11efa9df',
        iss: ISSUER,
        aud: ['realm-management', 'account'],
        sub: '71f150d0-41f6-11e7-a49f-4943fdcbc832',
        typ: 'Bearer',
        azp: 'kibana',
        session_state: 'f10bf2e1-182b-466a-a0bf-d92f661333f6',
        acr: '1',
        'allowed-origins': ['*'],
        realm_access: { roles: ['elasticadmin', 'offline_access', 'uma_authorization'] },
        resource_access: {
          'realm-management': { roles: ['view-users', 'query-groups', 'query-users'] },
          account: { roles: ['manage-account', 'manage-account-links', 'view-profile'] },
        },
        scope: 'pas_user profile email',
        email_verified: true,
        roles: ['a mapper of the realm put these here'],
      },
      principal: {
        subject: '71f150d0-41f6-11e7-a49f-4943fdcbc832',
        roles: ['elasticadmin', 'offline_access', 'uma_authorization'],
        credential: { client: 'kibana' },
      },
    },
  ],
  refused: [
    {
      breaks: 'issuer',
      name: 'of another realm',
      of: 'for one service, with its roles',
      claims: { iss: 'https://sso.acme.com/realms/demo2' },
      reason: 'not mine',
    },
    {
      breaks: 'audience',
      name: 'for another service',
      of: 'for one service, with its roles',
      claims: { aud: 'service2' },
      reason: 'token.audience',
    },
    {
      breaks: 'audience',
      name: 'without aud',
      of: 'for one service, with its roles',
      claims: { aud: undefined },
      reason: 'token.audience',
    },
    {
      breaks: 'purpose',
      name: 'an ID token',
      of: 'for one service, with its roles',
      claims: { typ: 'ID' },
      reason: 'token.purpose',
    },
    {
      breaks: 'purpose',
      name: 'a logout token',
      of: 'for one service, with its roles',
      claims: { typ: 'Logout' },
      reason: 'token.purpose',
    },
    {
      breaks: 'purpose',
      name: 'without typ',
      of: 'for one service, with its roles',
      claims: { typ: undefined },
      reason: 'token.purpose',
    },
    {
      breaks: 'client',
      name: 'without azp',
      of: 'for one service, with its roles',
      claims: { azp: undefined },
      reason: 'token.client',
    },
    {
      breaks: 'allowed client',
      name: 'of another client',
      of: 'for one service, with its roles',
      claims: {},
      options: { clients: ['another'] },
      reason: 'token.client',
    },
  ],
}
