// Every place under what anybody may send: what is refused is refused with a 4xx, never with a fault of this server.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { PLACES, type Place } from '../src/paths.ts'
import { browser, CALLBACK, codeFor, type Running, running } from './flow.ts'

let at: Running
beforeAll(async () => {
  at = await running({
    deviceCodes: true,
    registration: true,
    clientDocuments: true,
    backchannelLogout: true,
    clients: [
      { id: 'web', redirectUris: [CALLBACK] },
      { id: 'tv', grants: ['device_code', 'refresh_token'] },
    ],
  })
})
afterAll(() => at.stop())

/** What a browser brings along: nothing, what anybody can make up, a page that is open here, somebody who is signed in. */
const COOKIES: readonly (readonly [string, () => Promise<string>])[] = [
  ['no cookies', async () => ''],
  ['cookies of nobody', async () => 'oauth=abcdef; oauth-interaction=abcdef; oauth-resume=abcdef'],
  ['cookies that are no text', async () => 'oauth=%ff%00; oauth-interaction=%; oauth-resume=~1'],
  ['an open form', async () => cookiesOf(await opened())],
  ['somebody', async () => cookiesOf((await codeFor(at)).user)],
]
const REQUEST = `client_id=web&response_type=code&redirect_uri=${encodeURIComponent(CALLBACK)}&scope=openid`
const PROOF = `code_challenge_method=S256&code_challenge=${'x'.repeat(43)}`
const QUERIES = [
  '',
  '?user_code=BCDF-GHJK&client_id=nobody',
  '?client_id=web&request_uri=%00&xsrf=x',
  '?%ff=%&a=1&a=2',
  '?id_token_hint=a.b.c&post_logout_redirect_uri=x',
  '?id_token_hint=eyJhbGciOiJub25lIn0.bnVsbA.',
  `?${REQUEST}&${PROOF}&max_age=x&prompt=none+login&id_token_hint=e30.e30.e30`,
  `?${REQUEST}&${PROOF}&claims={&resource=%00&ui_locales=%ff&login_hint=${'x'.repeat(2000)}`,
  `?${REQUEST}&${PROOF}&response_mode=form_post&state=%22%3E%3Cscript%3E&prompt=none`,
  '?client_id=https://127.0.0.1:1/x&response_type=code',
]
const FORM = 'application/x-www-form-urlencoded'
const BODIES: readonly (readonly [type: string, body: string])[] = [
  [FORM, ''],
  [FORM, 'user_code=BCDF-GHJK&xsrf=x'],
  [FORM, 'xsrf=x&logout=yes&csrf=x&token=a.b.c&grant_type=x&client_id=web&code=%00'],
  [FORM, 'user_code=a&user_code=b&xsrf=x&xsrf=y&token=&token='],
  [FORM, '%ff=%&__proto__=x&constructor=1'],
  [FORM, 'client_id=web&grant_type=authorization_code&code=x&redirect_uri=x&code_verifier=x'],
  [FORM, 'client_id=web&grant_type=refresh_token&refresh_token=%00&scope=%00&resource=x'],
  [FORM, 'client_id=tv&grant_type=urn:ietf:params:oauth:grant-type:device_code&device_code=~x&scope=x&resource=%00'],
  [FORM, 'client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer&client_assertion=e30.bnVsbA.x'],
  [FORM, `${REQUEST}&${PROOF}&max_age=-1&claims=null&access_token=x`],
  ['application/json', '{"redirect_uris":[null],"client_name":{}}'],
  ['application/json', '{"redirect_uris":{"length":1},"grant_types":"x","response_types":[[]],"jwks":{"keys":[null]}}'],
  ['application/json', '{"redirect_uris":["https://a.example/"],"jwks":{"keys":[{"kty":"EC"}]},"contacts":[1]}'],
  ['application/json', '{"redirect_uris":["https://a.example/"],"client_name":"\\ud800","policy_uri":"javascript:x"}'],
  ['application/json', '[{"a":'],
  ['text/plain', 'junk'],
]
const HEADERS: readonly Readonly<Record<string, string>>[] = [
  { authorization: 'Bearer a.b.c' },
  { authorization: 'Bearer e30.bnVsbA.x' },
  { authorization: 'Basic %' },
  { authorization: `Basic ${btoa('%:%')}` },
  { authorization: 'DPoP x', dpop: 'e30.bnVsbA.x' },
  { dpop: 'eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjpudWxsfQ.e30.x' },
  { 'accept-language': '*;q=%', origin: 'null' },
]

async function opened() {
  const user = browser(at.url)
  await user.go('/oauth/device')
  return user
}
const cookiesOf = ({ jar }: ReturnType<typeof browser>) => [...jar.values()].map(({ pair }) => pair).join('; ')

/** Everything that is sent to a place. */
function requestsTo({ path, methods }: Place): readonly (readonly [target: string, init: RequestInit])[] {
  const ids = path.includes(':id') ? ['abcdef', '~abcdef', 'x'.repeat(64)] : ['']
  return ids.flatMap((id) => {
    const target = `/oauth${path.replace(':id', id)}`
    const bodies = methods.includes('POST') ? BODIES : []
    return [
      ...QUERIES.map((query): [string, RequestInit] => [target + query, { method: 'GET' }]),
      ...bodies.map(([type, body]): [string, RequestInit] => [
        target,
        { method: 'POST', headers: { 'content-type': type }, body },
      ]),
      ...HEADERS.flatMap((headers) =>
        methods.map((method): [string, RequestInit] => [
          target,
          {
            method,
            headers,
            ...(method === 'POST' && { body: new URLSearchParams({ grant_type: 'client_credentials' }) }),
          },
        ]),
      ),
      [target, { method: 'DELETE' }],
      [target, { method: 'OPTIONS', headers: { origin: 'https://evil.example' } }],
    ]
  })
}

describe.each(COOKIES)('with %s', (_, cookies) => {
  test.each(PLACES.map((place) => [place.path, place] as const))('%s', async (_, place) => {
    const cookie = await cookies()
    const faults = []
    for (const [target, { headers, ...init }] of requestsTo(place)) {
      const all = { ...headers, ...(cookie && { cookie }) }
      const { status } = await fetch(at.url + target, { ...init, headers: all, redirect: 'manual' })
      if (status >= 500) faults.push([init.method, target, init.body, status])
    }
    expect([faults, at.faults.splice(0)]).toEqual([[], []])
  })
})

describe('whoever comes to the page of devices without a session', () => {
  const form = (members: Record<string, string>) => ({ method: 'POST', body: new URLSearchParams(members) })
  test.each<[string, string, RequestInit]>([
    ['a form that was never shown', '/oauth/device', form({ user_code: 'BCDF-GHJK', xsrf: 'x' })],
    ['a form without a code', '/oauth/device', form({ xsrf: 'x' })],
    ['a sign-in that is not under way', '/oauth/device/abcdef', {}],
  ])('%s: a page that says so, and no session', async (_, target, init) => {
    const response = await fetch(at.url + target, { ...init, redirect: 'manual' })
    expect(response.status).toBe(400)
    expect(response.headers.get('content-type')).toContain('text/html')
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'")
    expect(response.headers.getSetCookie()).toEqual([])
    expect(at.faults).toEqual([])
  })
})
