import { cognito } from '@countersign/tokens/profiles'
import type { ProfileFixture } from './profile-fixture.ts'

const POOL = 'us-west-2_example'
const ISSUER = `https://cognito-idp.us-west-2.amazonaws.com/${POOL}`
const ID = 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee'
const CLIENT = '57cbishk4j24pabc1234567890'

export const fixture: ProfileFixture = {
  pages: [
    {
      url: 'https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-access-token.html',
      read: '2026-11-21',
      says: 'sample payload with aud, of a token bound to a resource; the page of 2022 (awsdocs/amazon-cognito-developer-guide) has one without; header with kid and alg alone',
    },
  ],
  invariants: {
    issuer: 'iss is the user pool in its region',
    'token use': 'token_use is access: ID tokens of the pool are refused',
    client: 'client_id is one of clients',
    audience: 'aud is what audience says, where it says something',
    unbound: 'without audience there is no aud: a token bound to a resource is for that alone',
  },
  make: (options) => cognito(options as never),
  options: { userPool: POOL, clients: [CLIENT] },
  documents: {
    [`${ISSUER}/.well-known/openid-configuration`]: { issuer: ISSUER, jwks_uri: `${ISSUER}/.well-known/jwks.json` },
    [`${ISSUER}/.well-known/jwks.json`]: 'jwks',
  },
  accepted: [
    {
      name: 'of a user',
      from: 0,
      header: { alg: 'RS256' },
      claims: {
        sub: ID,
        device_key: ID,
        'cognito:groups': ['admin'],
        token_use: 'access',
        scope: 'aws.cognito.signin.user.admin',
        auth_time: 1562190524,
        iss: ISSUER,
        exp: 1562194124,
        iat: 1562190524,
        origin_jti: ID,
        jti: ID,
        client_id: CLIENT,
        username: 'janedoe@example.com',
      },
      principal: {
        subject: ID,
        scopes: ['aws.cognito.signin.user.admin'],
        roles: ['admin'],
        credential: { id: ID, session: ID, client: CLIENT },
      },
    },
    {
      name: 'bound to a resource',
      from: 0,
      header: { alg: 'RS256' },
      options: { audience: 'https://api.example.com', clients: ['xxxxxxxxxxxxexample'] },
      claims: {
        sub: ID,
        device_key: ID,
        'cognito:groups': ['testgroup'],
        iss: ISSUER,
        version: 2,
        client_id: 'xxxxxxxxxxxxexample',
        aud: 'https://api.example.com',
        origin_jti: ID,
        event_id: ID,
        token_use: 'access',
        scope: 'phone openid profile resourceserver.1/appclient2 email',
        auth_time: 1676313851,
        exp: 1676317451,
        iat: 1676313851,
        jti: ID,
        username: 'my-test-user',
      },
      principal: {
        subject: ID,
        scopes: ['phone', 'openid', 'profile', 'resourceserver.1/appclient2', 'email'],
        roles: ['testgroup'],
      },
    },
  ],
  refused: [
    {
      breaks: 'issuer',
      name: 'another pool of the region',
      of: 'of a user',
      claims: { iss: `${ISSUER}2` },
      reason: 'not mine',
    },
    {
      breaks: 'token use',
      name: 'an ID token',
      of: 'of a user',
      claims: { token_use: 'id', aud: CLIENT },
      reason: 'token.purpose',
    },
    {
      breaks: 'token use',
      name: 'no token_use',
      of: 'of a user',
      claims: { token_use: undefined },
      reason: 'token.purpose',
    },
    {
      breaks: 'client',
      name: 'another app client',
      of: 'of a user',
      claims: { client_id: 'xxxxxxxxxxxxexample' },
      reason: 'token.client',
    },
    {
      breaks: 'client',
      name: 'no client',
      of: 'of a user',
      claims: { client_id: undefined },
      reason: 'token.client',
    },
    {
      breaks: 'audience',
      name: 'bound to another resource',
      of: 'bound to a resource',
      claims: { aud: 'https://other.example.com' },
      reason: 'token.audience',
    },
    {
      breaks: 'audience',
      name: 'not bound',
      of: 'bound to a resource',
      claims: { aud: undefined },
      reason: 'token.audience',
    },
    {
      breaks: 'unbound',
      name: 'bound to a resource, which nobody asked for',
      of: 'of a user',
      claims: { aud: 'https://api.example.com' },
      reason: 'token.audience',
    },
  ],
}
