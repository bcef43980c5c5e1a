import { google } from '@countersign/tokens/profiles'
import type { ProfileFixture } from './profile-fixture.ts'

const CLIENT = '1234987819200.apps.googleusercontent.com'
const claims = {
  iss: 'https://accounts.google.com',
  azp: CLIENT,
  aud: CLIENT,
  sub: '10769150350006150715113082367',
  at_hash: 'HK6E_P6Dh8Y93mRNtsDB1Q',
  hd: 'example.com',
  email: 'jsmith@example.com',
  email_verified: 'true',
  iat: 1353601026,
  exp: 1353604926,
  nonce: '0394852-3190485-2490358',
}

export const fixture: ProfileFixture = {
  pages: [
    {
      url: 'https://developers.google.com/identity/openid-connect/openid-connect#an-id-tokens-payload',
      read: '2026-11-21',
      says: 'sample payload and the table of claims: aud, azp, hd, iss with or without https, sub',
    },
    {
      url: 'https://developers.google.com/identity/sign-in/web/backend-auth',
      read: '2026-11-21',
      says: 'what an API checks: signature, aud, iss, exp, hd',
    },
  ],
  invariants: {
    issuer: 'iss is https://accounts.google.com or accounts.google.com',
    audience: 'aud is one of your client ids',
    domain: 'hd is one of hostedDomain, where there is one',
    'allowed client': 'azp is one of clients, where there are some',
  },
  make: (options) => google(options as never),
  options: { audience: [CLIENT] },
  documents: {
    'https://accounts.google.com/.well-known/openid-configuration': {
      issuer: 'https://accounts.google.com',
      jwks_uri: 'https://www.googleapis.com/oauth2/v3/certs',
    },
    'https://www.googleapis.com/oauth2/v3/certs': 'jwks',
  },
  accepted: [
    {
      name: 'of a Workspace account',
      from: 0,
      header: { alg: 'RS256', typ: 'JWT' },
      claims,
      options: { audience: CLIENT, hostedDomain: 'example.com' },
      principal: { subject: claims.sub, scopes: [], credential: { client: CLIENT } },
    },
    {
      name: 'with the other iss',
      from: 0,
      header: { alg: 'RS256', typ: 'JWT' },
      claims: { ...claims, iss: 'accounts.google.com' },
      principal: { subject: claims.sub, scopes: [] },
    },
    {
      name: 'of an Android app for its server',
      from: 0,
      header: { alg: 'RS256', typ: 'JWT' },
      claims: { ...claims, azp: 'android.apps.googleusercontent.com', hd: undefined },
      options: { audience: CLIENT, clients: ['android.apps.googleusercontent.com'] },
      principal: { subject: claims.sub, credential: { client: 'android.apps.googleusercontent.com' } },
    },
  ],
  refused: [
    {
      breaks: 'issuer',
      name: 'http',
      of: 'of a Workspace account',
      claims: { iss: 'http://accounts.google.com' },
      reason: 'not mine',
    },
    {
      breaks: 'audience',
      name: 'for a malicious app',
      of: 'of a Workspace account',
      claims: { aud: 'evil.apps.googleusercontent.com' },
      reason: 'token.audience',
    },
    {
      breaks: 'domain',
      name: 'of another domain',
      of: 'of a Workspace account',
      claims: { hd: 'example.com.evil' },
      reason: 'token.domain',
    },
    {
      breaks: 'domain',
      name: 'of a private account',
      of: 'of a Workspace account',
      claims: { hd: undefined },
      reason: 'token.domain',
    },
    {
      breaks: 'allowed client',
      name: 'of another app',
      of: 'of an Android app for its server',
      claims: { azp: 'evil.apps.googleusercontent.com' },
      reason: 'token.client',
    },
  ],
}
