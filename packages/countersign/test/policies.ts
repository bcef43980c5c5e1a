import { anyOf, apiKey, bearer, policy } from '@countersign/policy'
import { testIssuer } from '@countersign/testing'

/** Stands for the identity provider of the examples. */
export const issuer = testIssuer({
  issuer: 'https://login.acme.com',
  audience: 'https://api.acme.com',
  algorithm: 'RS256',
})
const keys = apiKey(({ key }) => (key === 'acme-key' ? { subject: 'partner', scopes: ['posts:read'] } : undefined))

export const readPosts = policy({
  name: 'read posts',
  accept: anyOf(bearer(issuer.verifier), keys),
  scopes: ['posts:read'],
})
export const writePosts = policy({
  name: 'write posts',
  accept: anyOf(bearer(issuer.verifier), keys),
  scopes: ['posts:write'],
})

/** As an application may: it reads headers, and throws what it was given. */
export const byTenant = policy({
  name: 'by tenant',
  accept: bearer(({ token }, request) => {
    const { headers, url } = 'rawHeaders' in request ? request : request.raw
    if (token === 'throw-this-token') throw new Error(`cannot look up ${token}`)
    return headers['x-tenant'] === 'a' && url === '/posts?page=2'
      ? { subject: 'ada', scopes: ['\u001b[2Jodd\n→ passes'] }
      : undefined
  }),
  scopes: ['posts:read'],
})
