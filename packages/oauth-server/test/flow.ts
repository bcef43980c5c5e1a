// A server with an authorization server on it, and a browser that has only what a browser has: cookies and forms.
import { createHash, randomBytes } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { authError, pathOf, Refused } from '@countersign/http'
import { type OAuthServerOptions, oauthServer } from '@countersign/oauth-server'
import { findEndpoint, refusalOf } from '@countersign/policy'
import { memoryStore, type Store } from '@countersign/store'
import { type LocalIssuer, type LocalIssuerOptions, localIssuer } from '@countersign/tokens'

export const API = 'https://api.example'
export const OTHER_API = 'https://other.example'
export const CALLBACK = 'https://app.example/callback'
export const SECRET = 'service-secret-service-secret'

export interface Running {
  readonly url: string
  readonly issuer: string
  readonly own: LocalIssuer
  readonly store: Store
  readonly server: Server
  /** Faults that reached the host. */
  readonly faults: unknown[]
  stop(): Promise<void>
}

export const accounts = new Map([
  [
    'usr_anna',
    {
      scopes: ['posts:read', 'posts:write'],
      roles: ['author'],
      claims: { name: 'Anna', email: 'anna@example.com', email_verified: true },
    },
  ],
  ['usr_ben', { scopes: ['posts:read'], claims: { name: 'Ben' } }],
])

/** Anna and Ben, whose passwords are their names. */
export const users = {
  async require({ username, password }: { username: string; password: string }) {
    if (!accounts.has(`usr_${username}`) || password !== username)
      throw new Refused(authError('invalid_credentials', 'password.wrong'))
    return { subject: `usr_${username}` }
  },
}

export async function running(
  more: Partial<OAuthServerOptions> = {},
  issuing: Partial<LocalIssuerOptions> = {},
): Promise<Running> {
  const server = createServer()
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const issuer = issuing.issuer ?? url
  const store = (more.store as Store | undefined) ?? memoryStore()
  const own = (more.issuer as LocalIssuer | undefined) ?? localIssuer({ issuer, audience: API, store, ...issuing })
  const faults: unknown[] = []
  const { endpoints } = oauthServer({
    issuer: own,
    store,
    users,
    account: (subject) => accounts.get(subject),
    resources: { [API]: { scopes: ['posts:read', 'posts:write'] }, [OTHER_API]: { scopes: ['notes:read'] } },
    clients: [
      { id: 'web', redirectUris: [CALLBACK], name: 'Web' },
      { id: 'confidential', redirectUris: [CALLBACK], secret: SECRET },
      { id: 'native', redirectUris: ['http://127.0.0.1/callback'] },
      { id: 'mine', redirectUris: [CALLBACK], consent: false },
      { id: 'service', secret: SECRET, scopes: ['posts:read', 'posts:write'] },
      { id: 'reader', secret: SECRET, scopes: ['posts:read'] },
      { id: 'api', secret: SECRET, scopes: [], resource: API },
    ],
    ...more,
  })
  const all = [...own.endpoints, ...endpoints]
  server.on('request', async (request, response) => {
    const endpoint = findEndpoint(all, request.method, pathOf(request))
    const ask = async () => {
      const verdict = await endpoint?.policy?.check(request)
      if (verdict?.status !== undefined) return verdict
      for (const [name, value] of Object.entries(verdict?.headers ?? {})) response.setHeader(name, value)
      return endpoint?.handle(request)
    }
    const answer = await ask().catch((thrown: unknown) => {
      faults.push(thrown)
      return refusalOf(thrown, request)
    })
    if (!answer) return response.writeHead(404).end()
    response.writeHead(answer.status, answer.headers).end(answer.body)
  })
  return {
    url,
    issuer,
    own,
    store,
    server,
    faults,
    async stop() {
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
      await store.close()
    },
  }
}

/** The members of OAuth's JSON that tests read. */
export interface Body {
  readonly access_token: string
  readonly refresh_token: string
  readonly id_token: string
  readonly token_type: string
  readonly scope: string
  readonly error: string
  readonly error_description: string
  readonly active: boolean
  readonly device_code: string
  readonly user_code: string
  readonly verification_uri_complete: string
  readonly request_uri: string
  readonly client_id: string
  readonly client_secret: string
  readonly [name: string]: unknown
}
export interface Posted {
  readonly status: number
  readonly header: (name: string) => string | null
  readonly text: string
  readonly body: Body
}
export interface Went extends Omit<Posted, 'body'> {
  readonly location: string | null
}
export interface Browser {
  go(target: string, form?: Record<string, string>, headers?: Record<string, string>): Promise<Went>
  readonly jar: Map<string, { pair: string; path: string }>
}

/** A form to the token endpoint and the like. */
export async function post(
  url: string,
  members: Record<string, string>,
  headers: Record<string, string> = {},
): Promise<Posted> {
  const response = await fetch(url, { method: 'POST', body: new URLSearchParams(members), headers, redirect: 'manual' })
  const text = await response.text()
  const body = (text.startsWith('{') ? JSON.parse(text) : {}) as Body
  return { status: response.status, header: (name) => response.headers.get(name), text, body }
}

export const basic = (id: string, secret = SECRET) => ({
  authorization: `Basic ${Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`).toString('base64')}`,
})

export function pkce() {
  const verifier = randomBytes(32).toString('base64url')
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') }
}

/** Cookies by name and path, and no redirect that is not asked for. */
export function browser(base: string): Browser {
  const jar = new Map<string, { pair: string; path: string }>()
  async function go(target: string, form?: Record<string, string>, headers: Record<string, string> = {}) {
    const url = new URL(target, base)
    const cookie = [...jar.values()]
      .filter(({ path }) => url.pathname.startsWith(path))
      .map(({ pair }) => pair)
      .join('; ')
    const response = await fetch(url, {
      method: form ? 'POST' : 'GET',
      redirect: 'manual',
      headers: { ...(cookie && { cookie }), ...(form && { 'sec-fetch-site': 'same-origin' }), ...headers },
      ...(form && { body: new URLSearchParams(form) }),
    })
    for (const line of response.headers.getSetCookie()) {
      const [pair = '', ...rest] = line.split('; ')
      const path = rest.find((one) => one.startsWith('path='))?.slice(5) ?? '/'
      const name = `${pair.split('=')[0]} ${path}`
      if (/expires=Thu, 01 Jan 1970/.test(line)) jar.delete(name)
      else jar.set(name, { pair, path })
    }
    const text = await response.text()
    return {
      status: response.status,
      location: response.headers.get('location'),
      header: (name: string) => response.headers.get(name),
      text,
    }
  }
  return { go, jar }
}

export const hiddenOf = (text: string, name = 'csrf') =>
  new RegExp(`name="${name}" value="([^"]*)"`).exec(text)?.[1] ?? ''

export function authorizeUrl(members: Record<string, string>): string {
  return `/oauth/authorize?${new URLSearchParams({ response_type: 'code', ...members })}`
}

/** Follows the pages until the client is answered: signs in and consents. Gives the last answer. */
export async function through(
  { go }: Browser,
  target: string,
  { username = 'anna', decision = 'allow' }: { username?: string; decision?: string } = {},
) {
  let answer = await go(target)
  for (let step = 0; step < 12; step++) {
    if (answer.location !== null) {
      if (!answer.location.startsWith('/')) return answer
      target = answer.location
      answer = await go(target)
    } else if (answer.text.includes('name="password"')) {
      answer = await go(target, { csrf: hiddenOf(answer.text), username, password: username })
    } else if (answer.text.includes('name="decision"')) {
      answer = await go(target, { csrf: hiddenOf(answer.text), decision })
    } else return answer
  }
  throw new Error('it never ends')
}

/** A whole sign-in at a public client: what came back, and the code's other half. */
export async function codeFor(
  at: Running,
  members: Record<string, string> = {},
  who?: Parameters<typeof through>[2],
  user = browser(at.url),
  resources: readonly string[] = [],
) {
  const { verifier, challenge } = pkce()
  const all = {
    client_id: 'web',
    redirect_uri: CALLBACK,
    scope: 'openid posts:read',
    code_challenge: challenge,
    code_challenge_method: 'S256',
    state: 's',
    ...members,
  }
  const more = resources.map((uri) => `&resource=${encodeURIComponent(uri)}`).join('')
  const answer = await through(user, authorizeUrl(all) + more, who)
  const back = new URL(answer.location ?? 'about:blank')
  return {
    verifier,
    back,
    code: back.searchParams.get('code') ?? '',
    redirect_uri: all.redirect_uri,
    client_id: all.client_id,
    user,
    answer,
  }
}

/** Redeems it. */
export function redeem(
  at: Running,
  {
    code,
    verifier,
    redirect_uri,
    client_id,
  }: { code: string; verifier: string; redirect_uri: string; client_id: string },
  more: Record<string, string> = {},
  headers?: Record<string, string>,
) {
  const members = { grant_type: 'authorization_code', code, code_verifier: verifier, redirect_uri, client_id, ...more }
  return post(`${at.url}/oauth/token`, members, headers)
}
