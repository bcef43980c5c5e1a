import { auth0 } from '@countersign/tokens/profiles'
import type { ProfileFixture } from './profile-fixture.ts'

const ISSUER = 'https://my-domain.auth0.com/'
const AUDIENCE = 'https://example.com/health-api'
const MACHINE = 'awZfdIir8YFdGZWkvCejDoUb7SjTDicx'

export const fixture: ProfileFixture = {
  pages: [
    {
      url: 'https://auth0.com/docs/secure/tokens/access-tokens/access-token-profiles',
      read: '2026-11-21',
      says: 'both profiles with a sample each, and the table of claims: azp or client_id, gty, permissions, sub of a machine',
    },
  ],
  invariants: {
    issuer: 'iss is the tenant, with the slash at the end',
    audience: 'aud is this API, alone or in a list with userinfo',
    client: 'a client is named, by azp (Auth0 profile) or client_id (RFC 9068 profile); ID tokens name none',
    'one client': 'azp and client_id are never two clients',
    'allowed client': 'it is one of clients, where there are some',
    machine: 'a token of the client-credentials grant is for <client>@clients',
    'id token': 'what only ID tokens carry (nonce) is refused',
  },
  make: (options) => auth0(options as never),
  options: { domain: 'my-domain.auth0.com', audience: AUDIENCE },
  documents: {
    [`${ISSUER}.well-known/openid-configuration`]: {
      issuer: ISSUER,
      jwks_uri: `${ISSUER}.well-known/jwks.json`,
    },
    [`${ISSUER}.well-known/jwks.json`]: 'jwks',
  },
  accepted: [
    {
      name: 'Auth0 profile',
      from: 0,
      header: { alg: 'RS256', typ: 'JWT' },
      claims: {
        iss: ISSUER,
        sub: 'auth0|123456',
        aud: [AUDIENCE, 'https://my-domain.auth0.com/userinfo'],
        azp: 'my_client_id',
        exp: 1311281970,
        iat: 1311280970,
        scope: 'openid profile read:patients read:admin',
        my_custom_claim: 'my_custom_value',
      },
      principal: {
        subject: 'auth0|123456',
        scopes: ['openid', 'profile', 'read:patients', 'read:admin'],
        credential: { client: 'my_client_id' },
      },
    },
    {
      name: 'RFC 9068 profile, with permissions',
      from: 0,
      header: { alg: 'RS256', typ: 'at+jwt' },
      claims: {
        iss: ISSUER,
        sub: 'auth0|123456',
        aud: [AUDIENCE, 'https://my-domain.auth0.com/userinfo'],
        client_id: 'my_client_id',
        exp: 1311281970,
        iat: 1311280970,
        jti: '73WakrfVbNJBaAmhQtEeDv',
        scope: 'openid profile read:patients read:admin',
        permissions: ['read:patients'],
      },
      principal: {
        subject: 'auth0|123456',
        roles: ['read:patients'],
        credential: { id: '73WakrfVbNJBaAmhQtEeDv', client: 'my_client_id' },
      },
    },
    {
      name: 'of a machine',
      from: 0,
      header: { alg: 'RS256', typ: 'JWT' },
      claims: {
        iss: ISSUER,
        sub: `${MACHINE}@clients`,
        aud: AUDIENCE,
        azp: MACHINE,
        exp: 1311281970,
        iat: 1311280970,
        scope: 'read:patients',
        gty: 'client-credentials',
      },
      principal: { subject: `${MACHINE}@clients`, scopes: ['read:patients'], credential: { client: MACHINE } },
    },
  ],
  refused: [
    {
      breaks: 'issuer',
      name: 'without the slash',
      of: 'Auth0 profile',
      claims: { iss: ISSUER.slice(0, -1) },
      reason: 'not mine',
    },
    {
      breaks: 'audience',
      name: 'userinfo alone',
      of: 'Auth0 profile',
      claims: { aud: 'https://my-domain.auth0.com/userinfo' },
      reason: 'token.audience',
    },
    {
      breaks: 'client',
      name: 'no azp',
      of: 'Auth0 profile',
      claims: { azp: undefined },
      reason: 'token.client',
    },
    {
      breaks: 'one client',
      name: 'azp beside client_id',
      of: 'RFC 9068 profile, with permissions',
      claims: { azp: 'another' },
      reason: 'token.client',
    },
    {
      breaks: 'allowed client',
      name: 'another client',
      of: 'Auth0 profile',
      claims: {},
      options: { clients: ['another'] },
      reason: 'token.client',
    },
    {
      breaks: 'machine',
      name: 'client credentials for a user',
      of: 'of a machine',
      claims: { sub: 'auth0|123456' },
      reason: 'token.subject',
    },
    {
      breaks: 'id token',
      name: 'with a nonce',
      of: 'Auth0 profile',
      claims: { nonce: 'n-0S6_WzA2Mj' },
      reason: 'token.purpose',
    },
  ],
}
