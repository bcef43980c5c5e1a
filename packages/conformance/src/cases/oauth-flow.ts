import { deepStrictEqual, match, ok, strictEqual } from 'node:assert/strict'
import { createHash } from 'node:crypto'
import type { Expectation, Step } from '../case.ts'
import { json } from '../case.ts'
import { linesOf, type WireRequest, type WireResponse } from '../wire.ts'

/** A browser, as far as a case needs one: cookies with their paths. */
export function jar() {
  const held = new Map<string, { readonly pair: string; readonly path: string }>()
  return {
    take(response: WireResponse): void {
      for (const line of linesOf(response, 'set-cookie')) {
        const [pair = '', ...rest] = line.split('; ')
        const path = rest.find((one) => one.startsWith('path='))?.slice(5) ?? '/'
        const name = `${pair.split('=', 1)[0]} ${path}`
        if (line.includes('expires=Thu, 01 Jan 1970')) held.delete(name)
        else held.set(name, { pair, path })
      }
    },
    headerFor(target: string): readonly (readonly [string, string])[] {
      const fits = [...held.values()].filter(({ path }) => target.startsWith(path))
      return fits.length === 0 ? [] : [['Cookie', fits.map(({ pair }) => pair).join('; ')]]
    },
  }
}
export type Jar = ReturnType<typeof jar>

export const FORM = ['Content-Type', 'application/x-www-form-urlencoded'] as const
export const VERIFIER = 'a-verifier-of-the-conformance-suite-that-is-long-enough'
export const CHALLENGE = createHash('sha256').update(VERIFIER).digest('base64url')
export const CALLBACK = 'http://127.0.0.1:4711/callback'

export const form = (
  path: string,
  members: Readonly<Record<string, string>>,
  more: WireRequest['headers'] = [],
): WireRequest => ({
  method: 'POST',
  path,
  headers: [FORM, ...more],
  body: new URLSearchParams(members).toString(),
})

/** RFC 6749 section 5.2: JSON with `error`, never kept. */
export function oauthError(status: number, error: string | RegExp): Expectation {
  return {
    status,
    foreign: true,
    headers: { etag: null, 'x-powered-by': null },
    also(response) {
      match(linesOf(response, 'content-type')[0] ?? '', /^application\/json/)
      deepStrictEqual(linesOf(response, 'cache-control'), ['no-store'])
      match(json<{ error: string }>(response).error, typeof error === 'string' ? new RegExp(`^${error}$`) : error)
    },
  }
}

/** A page that nothing can frame, with no script. */
export function page(status: number, also: (text: string) => void = () => {}): Expectation {
  return {
    status,
    foreign: true,
    headers: { etag: null, location: null, 'cache-control': 'no-store', 'x-frame-options': 'DENY' },
    also(response) {
      const [policy = ''] = linesOf(response, 'content-security-policy')
      ok(
        policy.startsWith("default-src 'none'") && policy.includes("frame-ancestors 'none'"),
        `the policy is ${policy}`,
      )
      const text = response.body.toString()
      ok(!text.includes('<script'), 'a page has a script')
      also(text)
    },
  }
}

export const redirect = (pattern: RegExp): Expectation => ({
  status: 303,
  foreign: true,
  headers: { etag: null },
  also: (response) => match(linesOf(response, 'location')[0] ?? '', pattern),
})

export const authorize = (members: Readonly<Record<string, string>> = {}): string =>
  `/oauth/authorize?${new URLSearchParams({
    response_type: 'code',
    client_id: 'demo-web',
    redirect_uri: CALLBACK,
    scope: 'openid posts:read',
    state: 'st',
    code_challenge: CHALLENGE,
    code_challenge_method: 'S256',
    ...members,
  })}`

export const hidden = (response: WireResponse): string =>
  /name="csrf" value="([^"]*)"/.exec(response.body.toString())?.[1] ?? ''

/** Signs in, consents, and gives the code. */
export function* codeOf(
  cookies: Jar,
  members: Readonly<Record<string, string>> = {},
): Generator<Step, string, WireResponse> {
  const go = function* (request: WireRequest, expect: Expectation): Generator<Step, WireResponse, WireResponse> {
    const headers = [...(request.headers ?? []), ...cookies.headerFor(request.path)]
    const response = yield { send: { ...request, headers }, expect }
    cookies.take(response)
    return response
  }
  const to = (response: WireResponse) => linesOf(response, 'location')[0] as string
  const started = yield* go({ path: authorize(members) }, redirect(/^\/oauth\/interaction\/[\w-]+$/))
  const login = yield* go(
    { path: to(started) },
    page(200, (text) => match(text, /name="password"/)),
  )
  const credentials = { csrf: hidden(login), username: 'admintak01', password: 'pwdforapitest01' }
  const signedIn = yield* go(form(to(started), credentials), redirect(/^\/oauth\/authorize\/[\w-]+$/))
  const asked = yield* go({ path: to(signedIn) }, redirect(/^\/oauth\/interaction\/[\w-]+$/))
  const consent = yield* go(
    { path: to(asked) },
    page(200, (text) => match(text, /name="decision"/)),
  )
  const allowed = yield* go(
    form(to(asked), { csrf: hidden(consent), decision: 'allow' }),
    redirect(/^\/oauth\/authorize\/[\w-]+$/),
  )
  const back = yield* go({ path: to(allowed) }, redirect(/^http:\/\/127\.0\.0\.1:4711\/callback\?/))
  const query = new URL(to(back)).searchParams
  strictEqual(query.get('state'), 'st')
  strictEqual(query.get('iss'), 'https://sample.test')
  return query.get('code') as string
}

export const redeemed = (code: string, more: Readonly<Record<string, string>> = {}): WireRequest =>
  form('/oauth/token', {
    grant_type: 'authorization_code',
    client_id: 'demo-web',
    redirect_uri: CALLBACK,
    code_verifier: VERIFIER,
    code,
    ...more,
  })
