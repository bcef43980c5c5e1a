import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { authorizeUrl, basic, browser, CALLBACK, hiddenOf, pkce, post } from '../../packages/oauth-server/test/flow.ts'
import { runSnippet } from './snippet.ts'

type Snippet = Awaited<ReturnType<typeof runSnippet>>

/** Signs Ada in at a client, and gives what `/posts` says to the token. */
async function postsOf({ url }: Snippet, client_id: string): Promise<unknown> {
  const { verifier, challenge } = pkce()
  const asked = { client_id, redirect_uri: CALLBACK, scope: 'openid posts:read', code_challenge: challenge }
  const user = browser(url)
  let { location } = await user.go(authorizeUrl({ ...asked, code_challenge_method: 'S256' }))
  for (const filled of [{ username: 'ada', password: 'correct horse' }, { decision: 'allow' }]) {
    const page = location as string
    const csrf = hiddenOf((await user.go(page)).text)
    const answer = await user.go(page, { csrf, ...filled })
    location = (await user.go(answer.location as string)).location
  }
  const code = new URL(location as string).searchParams.get('code') as string
  const members = { grant_type: 'authorization_code', code, code_verifier: verifier, redirect_uri: CALLBACK, client_id }
  const { body } = await post(`${url}/oauth/token`, members)
  return postsFor(url, body.access_token)
}

async function postsFor(url: string, token: string): Promise<unknown> {
  return (await fetch(`${url}/posts`, { headers: { authorization: `Bearer ${token}` } })).json()
}

describe('oauth-server.ts', () => {
  let app: Snippet
  beforeAll(async () => {
    app = await runSnippet('oauth-server.ts')
  })
  afterAll(() => app.stop())

  test('a person signs in, consents, and the API knows them', async () => {
    expect(await postsOf(app, 'web')).toEqual({ for: 'user-1' })
  })

  test('a service has its secret', async () => {
    const members = { grant_type: 'client_credentials' }
    const { body } = await post(`${app.url}/oauth/token`, members, basic('reports', 'from-openssl-rand-base64-32'))
    expect(await postsFor(app.url, body.access_token)).toEqual({ for: 'reports' })
    expect((await post(`${app.url}/oauth/token`, members, basic('reports', 'another'))).status).toBe(401)
  })

  test('nothing is printed', () => expect(app.output()).toBe(''))
})

describe('oauth-server-fastify.ts', () => {
  let app: Snippet
  beforeAll(async () => {
    app = await runSnippet('oauth-server-fastify.ts')
  })
  afterAll(() => app.stop())

  test("a client that registers itself gets its users' tokens, with their consent", async () => {
    const response = await fetch(`${app.url}/oauth/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        redirect_uris: [CALLBACK],
        token_endpoint_auth_method: 'none',
        client_name: 'A stranger',
      }),
    })
    const { client_id } = (await response.json()) as { client_id: string }
    expect(await postsOf(app, client_id)).toEqual({ for: 'user-1' })
  })

  test('a document is not fetched from this machine; a device gets its code only as a known client', async () => {
    expect((await browser(app.url).go(authorizeUrl({ client_id: 'https://127.0.0.1:1/client.json' }))).status).toBe(400)
    expect((await post(`${app.url}/oauth/device/auth`, { client_id: 'tv' })).status).toBe(401)
  })
})
