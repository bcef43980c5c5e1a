import { json, type PublicEndpoint } from '@countersign/http'
import { openApi, type RouteData } from '@countersign/inventory'
import { type AnyPolicy, anyone, type Endpoint } from '@countersign/policy'
import type { Route } from './routes.ts'

const PATH = '/openapi.json'

/** Every route of the sample with its policy: what documents and the inventory are made of. */
export function servedBy(routes: readonly Route[], endpoints: readonly Endpoint[]): readonly RouteData[] {
  // An endpoint that says nothing of who may call it lets anyone.
  const brought = endpoints.map(({ method, path, policy = anyone }) => ({ method, path, policy }))
  return [...routes, ...brought]
}

const problem = (description: string) => ({
  description,
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
})
const LOGIN = {
  401: problem('The user name or the password is wrong.'),
  429: problem('Too many failed logins; `Retry-After`.'),
  503: problem('Too many logins at once, or a part does not answer; `Retry-After`.'),
}
/** RFC 6749 section 5.2. */
const OAUTH_ERROR = {
  description: 'What is wrong with the form, or with what it holds.',
  content: {
    'application/json': { schema: { type: 'object', properties: { error: { type: 'string' } }, required: ['error'] } },
  },
}
const BODIES = { 413: problem('The body is too large.'), 415: problem('Another media type.') }
/** What handlers answer by themselves: no policy knows of it. */
const OWN = {
  'POST /login': { responses: LOGIN },
  'POST /token': {
    deprecated: true,
    responses: { 400: OAUTH_ERROR, 413: OAUTH_ERROR, 415: OAUTH_ERROR, 429: LOGIN[429], 503: LOGIN[503] },
  },
  'GET /console/explain': { responses: { 400: problem('It takes the path of a route.') } }, // there with DEMO=1
  'POST /echo/signed': { requestBody: { required: true, content: { 'application/json': {} } }, responses: BODIES },
  'POST /echo/encrypted': { requestBody: { required: true, content: { 'application/jose': {} } }, responses: BODIES },
}

/** `GET /openapi.json`: who may do what, from the policies that enforce it. */
export function openApiOf(routes: readonly Route[], endpoints: readonly Endpoint[], caller: AnyPolicy): PublicEndpoint {
  const own = { method: 'GET', path: PATH, policy: anyone } as const
  const isServed = (operation: string) => said.some(({ method, path }) => operation === `${method} ${path}`)
  // It lets any question in, and answers it as `caller` answers.
  const said = servedBy(routes, endpoints).map((one) => (one.path === '/auth/check' ? { ...one, policy: caller } : one))
  const document = openApi([...said, own], {
    info: { title: 'Sample API', version: '1.0.0' },
    operations: Object.fromEntries(Object.entries(OWN).filter(([operation]) => isServed(operation))),
  })
  const answer = json(200, document)
  return { method: 'GET', path: PATH, handle: () => answer }
}
