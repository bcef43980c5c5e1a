// The official MCP client against the sample hosts and their own authorization server: from nothing to a tool, and on to the
// scope that the next tool needs.
import { createServer } from 'node:net'
import { type RunningHost, startHost } from '@countersign/conformance'
import { checkResource, protectedResource } from '@countersign/mcp'
import { remoteIssuer } from '@countersign/tokens'
import {
  Client,
  type OAuthClientProvider,
  type OAuthDiscoveryState,
  type StoredOAuthTokens,
  StreamableHTTPClientTransport,
  UnauthorizedError,
  type VersionNegotiationMode,
} from '@modelcontextprotocol/client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { HOSTS } from './hosts.ts'

const CALLBACK = 'http://127.0.0.1:53682/callback'
const AUTHOR = { username: 'admintak01', password: 'pwdforapitest01' }

/** What a client keeps; the user is sent to the pages of the authorization server, signs in and allows. */
class Provider implements OAuthClientProvider {
  readonly redirectUrl = CALLBACK
  readonly clientMetadata = { client_name: 'Test', redirect_uris: [CALLBACK] }
  /** What was asked for, in order. */
  readonly asked: URL[] = []
  back = new URLSearchParams()
  #tokens: StoredOAuthTokens | undefined
  #verifier = ''
  #discovered: OAuthDiscoveryState | undefined
  readonly #cookies = new Map<string, string>()
  readonly #user: typeof AUTHOR
  constructor(user: typeof AUTHOR) {
    this.#user = user
  }
  clientInformation() {
    return { client_id: 'demo-web' }
  }
  tokens() {
    return this.#tokens
  }
  saveTokens(tokens: StoredOAuthTokens) {
    this.#tokens = tokens
  }
  saveCodeVerifier(verifier: string) {
    this.#verifier = verifier
  }
  codeVerifier() {
    return this.#verifier
  }
  saveDiscoveryState(state: OAuthDiscoveryState) {
    this.#discovered = state
  }
  discoveryState() {
    return this.#discovered
  }
  async redirectToAuthorization(url: URL) {
    this.asked.push(url)
    this.back = await this.#browse(url)
  }

  /** The pages, as a browser without scripts goes through them. */
  async #browse(start: URL): Promise<URLSearchParams> {
    let at = start
    let form: Record<string, string> | undefined
    for (let steps = 0; steps < 15; steps++) {
      const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ')
      const response = await fetch(at, {
        redirect: 'manual',
        headers: { cookie, ...(form && { 'sec-fetch-site': 'same-origin', origin: at.origin }) },
        ...(form && { method: 'POST', body: new URLSearchParams(form) }),
      })
      for (const line of response.headers.getSetCookie()) {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
        this.#cookies.set(name, value)
      }
      const location = response.headers.get('location')
      if (location !== null) {
        at = new URL(location, at)
        form = undefined
        if (at.href.startsWith(CALLBACK)) return at.searchParams
        continue
      }
      const page = await response.text()
      const csrf = /name="csrf" value="([^"]+)"/.exec(page)?.[1] ?? ''
      const action = /<form[^>]*action="([^"]+)"/.exec(page)?.[1]
      if (action === undefined) throw new Error(`no form on ${at.pathname}: ${response.status} ${page.slice(0, 500)}`)
      at = new URL(action, at)
      form = page.includes('type="password"') ? { csrf, ...this.#user } : { csrf, decision: 'allow' }
    }
    throw new Error('the pages never end')
  }
}

const text = ({ content }: { content?: unknown }) => (content as readonly { readonly text: string }[])[0]?.text ?? ''

describe.each(Object.entries(HOSTS))('%s', (_name, main) => {
  let host: RunningHost
  let url: string
  beforeAll(async () => {
    const port = await freePort()
    url = `http://127.0.0.1:${port}`
    host = await startHost(main, { env: { PORT: `${port}`, ISSUER: url, AUDIENCE: url } })
  })
  afterAll(async () => {
    await host?.stop()
  })
  const clientOf = (mode: VersionNegotiationMode) =>
    new Client({ name: 'test', version: '1.0.0' }, { versionNegotiation: { mode } })
  const connected = async (provider: OAuthClientProvider, mode: VersionNegotiationMode = 'legacy') => {
    const client = clientOf(mode)
    const transport = new StreamableHTTPClientTransport(new URL(`${url}/mcp`), { authProvider: provider })
    await client.connect(transport)
    return { client, transport }
  }

  test.each<[string, VersionNegotiationMode]>([
    ['the protocol of 2025', 'legacy'],
    ['that of 2026', { pin: '2026-07-28' }],
  ])('401, metadata, authorization server, token, tool, 403, step-up, tool: %s', async (_version, mode) => {
    const provider = new Provider(AUTHOR)
    const first = new StreamableHTTPClientTransport(new URL(`${url}/mcp`), { authProvider: provider })
    await expect(clientOf(mode).connect(first)).rejects.toThrow(UnauthorizedError)
    // The 401 led it to the document, and the document to the authorization server.
    const [asked] = provider.asked
    expect(asked?.origin).toBe(url)
    expect(asked?.searchParams.get('resource')).toBe(`${url}/mcp`)
    expect(asked?.searchParams.get('scope')?.split(' ')).toContain('posts:read')
    expect(asked?.searchParams.get('scope')).not.toContain('posts:write')
    expect(asked?.searchParams.get('code_challenge_method')).toBe('S256')
    expect(provider.back.get('iss')).toBe(url)
    await first.finishAuth(provider.back)

    const { client, transport } = await connected(provider, mode)
    expect((await client.listTools()).tools.map(({ name }) => name)).toEqual([
      'list_posts',
      'get_post',
      'create_post',
      'update_post',
      'delete_post',
    ])
    expect(JSON.parse(text(await client.callTool({ name: 'list_posts', arguments: {} })))).toHaveProperty('posts')
    expect(provider.asked).toHaveLength(1)

    // The next tool needs more: the client is told what, all of it, and asks for exactly that.
    const write = () => client.callTool({ name: 'create_post', arguments: { title: 'By MCP', body: 'b' } })
    await expect(write()).rejects.toThrow(UnauthorizedError)
    expect(provider.asked).toHaveLength(2)
    expect(provider.asked[1]?.searchParams.get('scope')?.split(' ')).toEqual(
      expect.arrayContaining(['posts:read', 'posts:write']),
    )
    await transport.finishAuth(provider.back)
    const post = JSON.parse(text(await write()))
    expect(post).toMatchObject({ title: 'By MCP', author: 'usr_admintak01' })

    // The token is for the MCP server alone, and the REST API shows what the tool wrote to whom has a token for that.
    const mine = { authorization: `Bearer ${provider.tokens()?.access_token}` }
    expect((await fetch(`${url}/posts/${post.id}`, { headers: mine })).status).toBe(401)
    const { access_token: own } = await host.login(AUTHOR.username, AUTHOR.password)
    const shown = await fetch(`${url}/posts/${post.id}`, { headers: { authorization: `Bearer ${own}` } })
    expect(await shown.json()).toMatchObject({ title: 'By MCP' })
    await client.close()
  })

  test('what the user may not do is not given: the step-up ends, and the tool has not run', async () => {
    const provider = new Provider({ username: 'admintak02', password: 'pwdforapitest02' })
    const first = new StreamableHTTPClientTransport(new URL(`${url}/mcp`), { authProvider: provider })
    await expect(clientOf('legacy').connect(first)).rejects.toThrow(UnauthorizedError)
    await first.finishAuth(provider.back)
    const { client, transport } = await connected(provider)
    const write = () => client.callTool({ name: 'create_post', arguments: { title: 'Never', body: 'b' } })
    await expect(write()).rejects.toThrow(UnauthorizedError)
    if (provider.back.has('code')) await transport.finishAuth(provider.back)
    await expect(write()).rejects.toThrow()
    expect(text(await client.callTool({ name: 'list_posts', arguments: { limit: 100 } }))).not.toContain('Never')
    await client.close()
  })

  test('the self-check finds nothing', async () => {
    const mcp = protectedResource({ resource: `${url}/mcp`, issuers: [remoteIssuer(url)] })
    expect(await checkResource(mcp)).toEqual([])
  })
})

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}
