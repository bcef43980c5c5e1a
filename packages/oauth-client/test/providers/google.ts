import { google } from '@countersign/oauth-client'
import type { ProviderFixture } from './provider-fixture.ts'

const CLIENT = '1234987819200.apps.googleusercontent.com'
const claims = {
  iss: 'https://accounts.google.com',
  azp: CLIENT,
  aud: CLIENT,
  sub: '10769150350006150715113082367',
  hd: 'example.com',
  email: 'jsmith@example.com',
  email_verified: 'true',
}
const asked = { access_type: 'offline', prompt: 'consent', scope: 'openid profile email' }

export const fixture: ProviderFixture = {
  pages: [
    {
      url: 'https://developers.google.com/identity/openid-connect/reference',
      read: '2026-11-21',
      says: 'the metadata document: issuer, endpoints, authorization_response_iss_parameter_supported; no end_session_endpoint',
    },
    {
      url: 'https://developers.google.com/identity/openid-connect/openid-connect',
      read: '2026-11-21',
      says: 'sample payload; hd must be checked in the token, whatever the parameter hd said; access_type=offline and prompt=consent for a refresh token',
    },
  ],
  metadata: {
    'https://accounts.google.com': {
      issuer: 'https://accounts.google.com',
      authorization_endpoint: 'https://accounts.google.com/o/oauth2/v2/auth',
      token_endpoint: 'https://oauth2.googleapis.com/token',
      userinfo_endpoint: 'https://openidconnect.googleapis.com/v1/userinfo',
      revocation_endpoint: 'https://oauth2.googleapis.com/revoke',
      jwks_uri: 'https://www.googleapis.com/oauth2/v3/certs',
      response_types_supported: ['code', 'token', 'id_token'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256'],
      code_challenge_methods_supported: ['plain', 'S256'],
      authorization_response_iss_parameter_supported: true,
    },
  },
  accepted: [
    {
      name: 'a Workspace account',
      provider: () => google({ hostedDomain: 'example.com' }),
      clientId: CLIENT,
      claims,
      asked: { ...asked, hd: 'example.com' },
      principal: { subject: claims.sub },
      logout: '/',
    },
    {
      name: 'of one of several domains',
      provider: () => google({ hostedDomain: ['acme.com', 'example.com'] }),
      clientId: CLIENT,
      claims,
      asked: { ...asked, hd: '*' },
      principal: { subject: claims.sub },
      logout: '/',
    },
    {
      name: 'any account',
      provider: () => google(),
      clientId: CLIENT,
      claims: { ...claims, hd: undefined },
      asked,
      notAsked: ['hd'],
      principal: { subject: claims.sub },
      logout: '/',
    },
  ],
  refused: [
    {
      name: 'of another domain',
      of: 'a Workspace account',
      claims: { hd: 'example.com.evil.test' },
      says: '403 access_denied',
    },
    { name: 'a private account', of: 'a Workspace account', claims: { hd: undefined }, says: '403 access_denied' },
    {
      name: 'an address of the domain is not the domain',
      of: 'a Workspace account',
      claims: { hd: undefined, email: 'eve@example.com' },
      says: '403 access_denied',
    },
    {
      name: 'the issuer without https',
      of: 'any account',
      claims: { iss: 'accounts.google.com' },
      says: '400 invalid_request',
    },
    {
      name: 'for another application',
      of: 'any account',
      claims: { aud: 'evil.apps.googleusercontent.com' },
      says: '400 invalid_request',
    },
  ],
}
