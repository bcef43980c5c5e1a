import { okta } from '@countersign/tokens/profiles'
import type { ProfileFixture } from './profile-fixture.ts'

const ISSUER = 'https://acme.okta.com/oauth2/0oacqf8qaJw56czJi0g4'
const AUDIENCE = 'https://api.example.com'
const CLIENT = 'nmdP1fcyvdVO11AL7ECm'

export const fixture: ProfileFixture = {
  pages: [
    {
      url: 'https://developer.okta.com/docs/reference/api/oidc/#access-token-payload',
      read: '2026-11-21',
      says: 'sample header and payload, the table of reserved claims (cid, uid, scp, ver), and of ID tokens; its source is packages/@okta/vuepress-site/docs/reference/api/oidc/index.md of okta/okta-developer-docs at 0216983',
    },
  ],
  invariants: {
    issuer: 'iss is the custom authorization server',
    audience: 'aud is its audience',
    version: 'ver is 1',
    client: 'cid is there: ID tokens have none',
    'allowed client': 'it is one of clients, where there are some',
    subject: 'uid is there, or the token is its client’s own: sub is cid',
    scope: 'scp is a list',
  },
  make: (options) => okta(options as never),
  options: { issuer: ISSUER, audience: AUDIENCE },
  documents: {
    [`${ISSUER}/.well-known/openid-configuration`]: { issuer: ISSUER, jwks_uri: `${ISSUER}/v1/keys` },
    [`${ISSUER}/v1/keys`]: 'jwks',
  },
  accepted: [
    {
      name: 'of a user',
      from: 0,
      header: { alg: 'RS256' },
      claims: {
        ver: 1,
        jti: 'AT.0mP4JKAZX1iACIT4vbEDF7LpvDVjxypPMf0D7uX39RE',
        iss: ISSUER,
        aud: AUDIENCE,
        sub: '00ujmkLgagxeRrAg20g3',
        iat: 1467145094,
        exp: 1467148694,
        cid: CLIENT,
        uid: '00ujmkLgagxeRrAg20g3',
        scp: ['openid', 'email', 'flights', 'custom'],
        custom_claim: 'CustomValue',
      },
      principal: {
        subject: '00ujmkLgagxeRrAg20g3',
        scopes: ['openid', 'email', 'flights', 'custom'],
        credential: { id: 'AT.0mP4JKAZX1iACIT4vbEDF7LpvDVjxypPMf0D7uX39RE', client: CLIENT },
      },
    },
    {
      name: 'of a user whose sub is a name, with groups',
      from: 0,
      header: { alg: 'RS256' },
      claims: {
        ver: 1,
        jti: 'AT.1',
        iss: ISSUER,
        aud: AUDIENCE,
        sub: 'john.doe@example.com',
        iat: 1467145094,
        exp: 1467148694,
        cid: CLIENT,
        uid: '00ujmkLgagxeRrAg20g3',
        scp: ['flights'],
        groups: ['pilots'],
      },
      principal: { subject: '00ujmkLgagxeRrAg20g3', scopes: ['flights'], roles: ['pilots'] },
    },
    {
      name: 'of a client: without uid',
      from: 0,
      header: { alg: 'RS256' },
      claims: {
        ver: 1,
        jti: 'AT.2',
        iss: ISSUER,
        aud: AUDIENCE,
        sub: CLIENT,
        iat: 1467145094,
        exp: 1467148694,
        cid: CLIENT,
        scp: ['custom'],
      },
      principal: { subject: CLIENT, scopes: ['custom'], credential: { id: 'AT.2', client: CLIENT } },
    },
  ],
  refused: [
    {
      breaks: 'issuer',
      name: 'of the org server',
      of: 'of a user',
      claims: { iss: 'https://acme.okta.com' },
      reason: 'not mine',
    },
    {
      breaks: 'audience',
      name: 'for another API',
      of: 'of a user',
      claims: { aud: 'https://api.example.com.evil' },
      reason: 'token.audience',
    },
    { breaks: 'version', name: 'ver 2', of: 'of a user', claims: { ver: 2 }, reason: 'token.version' },
    {
      breaks: 'client',
      name: 'an ID token for this audience',
      of: 'of a user',
      claims: { cid: undefined, scp: undefined, uid: undefined, amr: ['pwd'] },
      reason: 'token.client',
    },
    {
      breaks: 'allowed client',
      name: 'another client',
      of: 'of a user',
      claims: {},
      options: { clients: ['another'] },
      reason: 'token.client',
    },
    {
      breaks: 'subject',
      name: 'no uid, and sub is not cid',
      of: 'of a client: without uid',
      claims: { sub: 'john.doe@example.com' },
      reason: 'token.subject',
    },
    { breaks: 'subject', name: 'uid is a number', of: 'of a user', claims: { uid: 7 }, reason: 'token.subject' },
    { breaks: 'scope', name: 'scp as words', of: 'of a user', claims: { scp: 'custom' }, reason: 'token.scope' },
  ],
}
