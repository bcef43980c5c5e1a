import { empty } from '@countersign/http'
import { expect, test } from 'vitest'
import { type Endpoint, findEndpoint } from './endpoint.ts'

const made = (method: Endpoint['method'], path: string): Endpoint => ({ method, path, handle: () => empty(204) })
const exact = made('GET', '/oauth/jwks')
const below = made('*', '/oauth/*')

test.each<[string, string, Endpoint | undefined]>([
  ['GET', '/oauth/jwks', exact],
  ['HEAD', '/oauth/jwks', exact],
  ['POST', '/oauth/jwks', below],
  ['PROPFIND', '/oauth/a/b', below],
  ['GET', '/oauth/', below],
  ['GET', '/oauth', undefined],
  ['GET', '/oauthx', undefined],
  ['GET', '/OAuth/token', undefined],
  ['POST', '/jwks', undefined],
])('%s %s', (method, path, wanted) => expect(findEndpoint([exact, below], method, path)).toBe(wanted))
