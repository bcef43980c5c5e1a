import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { inspect } from 'node:util'
import {
  cookieSession,
  type OAuthClientOptions,
  oauthClient,
  type SignInEvent,
  serviceFetch,
} from '@countersign/oauth-client'
import { expect, test } from 'vitest'

const AT = 'https://idp.test'
const METADATA = {
  issuer: AT,
  authorization_endpoint: `${AT}/authorize`,
  token_endpoint: `${AT}/token`,
  jwks_uri: `${AT}/keys`,
}
const CLIENT = { clientId: 'app', clientSecret: 'canary-of-the-secret' }

/** A provider whose metadata and token endpoint answer this. */
const answering =
  (metadata: object, token: object = {}, status = 400) =>
  async (url: string) =>
    url.endsWith('/openid-configuration') ? Response.json(metadata) : Response.json(token, { status })

async function thrownBy(work: () => Promise<unknown>): Promise<Error> {
  const error = await work().then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(Error)
  return error as Error
}
const service = (fetch: OAuthClientOptions['fetch'], more: object = CLIENT) =>
  serviceFetch({
    provider: { issuer: AT },
    clientId: 'app',
    origins: ['https://api.test'],
    ...more,
    fetch: fetch as never,
  })
const call = (fetch: OAuthClientOptions['fetch']) => thrownBy(() => service(fetch)('https://api.test/'))
/** A request for an endpoint of a client of this provider, and the events that came of it. */
async function asked(fetch: OAuthClientOptions['fetch'], path: string, headers: readonly string[] = []) {
  const login = oauthClient({
    provider: { issuer: AT },
    ...CLIENT,
    redirectUri: 'https://app.test/callback',
    session: cookieSession({ secret: Buffer.alloc(32, 1) }),
    fetch: fetch as never,
  })
  const endpoint = login.endpoints.find((one) => one.path === path.split('?')[0])
  const request = { method: 'GET', url: path, headers: {}, rawHeaders: headers, socket: {} }
  return endpoint?.handle(request as never)
}

test.each([
  ['invalid_client', 'clientSecret is not what the provider knows for clientId app'],
  ['unauthorized_client', 'the provider does not let clientId app ask for this'],
  ['invalid_scope', 'scopes has one that the provider does not give'],
  ['invalid_target', 'the provider gives no tokens for resource'],
])('%s names the option and keeps what the provider says of it', async (code, says) => {
  const error = await call(answering(METADATA, { error: code, error_description: 'AADSTS7000215: not good' }))
  expect(error.message).toBe(
    `serviceFetch: the provider ${AT} cannot be used as configured: ${code}: ${says} (AADSTS7000215: not good)`,
  )
  expect(error.cause).toMatchObject({ error: code, status: 400, code: 'OAUTH_RESPONSE_BODY_ERROR' })
})

test('what a provider says is bounded, and nothing that a terminal obeys', async () => {
  const said = `a\u001b[31mb\r\nc\u202ed${'x'.repeat(5000)}`
  const { message } = await call(answering(METADATA, { error: 'invalid_client', error_description: said }))
  expect(message).toContain('(a [31mb c dxxx')
  expect(message.length).toBeLessThan(600)
  expect(message).not.toMatch(/\p{C}/u)
})

test('an issuer that is not the one of the document: both are shown', async () => {
  const error = await call(answering({ ...METADATA, issuer: 'https://other.test/' }))
  expect(error.message).toContain('serviceFetch: the provider')
  expect(error.message).toContain(`issuer: asked for ${AT}, the document says https://other.test/`)
  expect(error.cause).toMatchObject({ code: 'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED' })
})

test('no token and no secret stands in such an error', async () => {
  const token = { access_token: 'canary-of-the-token', token_type: 'mac', expires_in: 60 }
  const error = await call(answering(METADATA, token, 200))
  expect(error.message).toContain('serviceFetch: the provider')
  expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('canary')
})

test('a sign-in that fails by the configuration is an event too', async () => {
  const events: SignInEvent[] = []
  const hear = (event: unknown) => void events.push(event as SignInEvent)
  subscribe('countersign:sign-in-failed', hear)
  const error = await thrownBy(async () => asked(answering({ ...METADATA, issuer: 'https://other.test' }), '/login'))
  expect(error.message).toContain('oauthClient: the provider')
  expect(events).toMatchObject([{ type: 'sign_in_failed', client: 'app', fault: error.message }])

  events.length = 0
  const fetch = answering(METADATA, { error: 'invalid_client', error_description: 'unknown secret' }, 401)
  const begun = await asked(fetch, '/login')
  const cookie = [begun?.headers['set-cookie'] ?? []].flat()[0]?.split(';')[0] as string
  const state = new URL(`${begun?.headers.location}`).searchParams.get('state')
  const refused = await thrownBy(async () => asked(fetch, `/callback?code=x&state=${state}`, ['cookie', cookie]))
  expect(refused.message).toContain('clientSecret is not what the provider knows for clientId app (unknown secret)')
  expect(events).toMatchObject([{ type: 'sign_in_failed', fault: refused.message }])
  unsubscribe('countersign:sign-in-failed', hear)
})
