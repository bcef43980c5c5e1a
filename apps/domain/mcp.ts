import {
  type Answer,
  authError,
  isAuthError,
  messageOf,
  parseJson,
  Refused,
  type RequestView,
  readBody,
} from '@countersign/http'
import { authorizeCall, type ProtectedResource, protectedResource, toolScopes } from '@countersign/mcp'
import { bearer, type Endpoint, policy } from '@countersign/policy'
import type { LocalIssuer, TokenPrincipal } from '@countersign/tokens'
import { createMcpHandler } from '@modelcontextprotocol/server'
import { postsServer } from './mcp-tools.ts'
import { OAUTH_SCOPES } from './oauth.ts'
import type { postsIn } from './posts.ts'
import { ownPost } from './routes.ts'

const NO_MESSAGE = authError('invalid_request', 'json.syntax', { detail: 'The body must be one JSON-RPC message.' })
const BODY = { types: ['application/json'], limit: 102_400 }

/** What the tools need: as the routes of the posts do. */
const tools = toolScopes({
  list_posts: ['posts:read'],
  get_post: ['posts:read'],
  create_post: ['posts:write'],
  update_post: ['posts:write'],
  delete_post: { anyOf: [{ scope: 'posts:delete' }, { role: 'admin' }] },
})

/** The name of the MCP server as a resource (RFC 8707): `aud` of its tokens, which open nothing else. */
export const mcpResourceOf = (audience: string): string => `${audience.replace(/\/$/, '')}/mcp`

/** The API as a resource (RFC 9728), and the posts as an MCP server beside it, which is a resource of its own: AUDIENCE/mcp. */
export function mcpOf(own: LocalIssuer, audience: string, posts: ReturnType<typeof postsIn>): readonly Endpoint[] {
  const api = protectedResource({ resource: audience, issuers: [own], scopes: OAUTH_SCOPES, name: 'Sample API' })
  // What every client needs; more is asked for when a tool needs it (step-up).
  const mcp = protectedResource({
    resource: mcpResourceOf(audience),
    issuers: [own],
    scopes: ['posts:read'],
    name: 'Sample posts',
  })
  return [...api.endpoints, ...mcp.endpoints, mcpEndpoint(mcp, posts)]
}

/** One answer for one message: nothing is kept between requests, and no stream stays open. */
function mcpEndpoint(mcp: ProtectedResource<TokenPrincipal>, posts: ReturnType<typeof postsIn>): Endpoint {
  const caller = policy({ name: 'mcp', accept: bearer(mcp, { realm: 'sample' }), scopes: ['posts:read'] })
  return {
    method: 'POST',
    path: '/mcp',
    policy: caller,
    async handle(request) {
      const message = await messageIn(request)
      await authorizeCall(caller, tools, request, message)
      const server = postsServer(posts, {
        subject: caller.principal(request).subject,
        mayChange: async (post) => !(await caller.authorize(request, { anyOf: [{ role: 'admin' }, ownPost] }, post)),
      })
      const handler = createMcpHandler(() => server, { responseMode: 'json', maxSubscriptions: 0 })
      const response = await handler.fetch(webRequest(request, message), { parsedBody: message })
      return answerOf(response)
    },
  }
}

/** Strict JSON, as the routes read it. */
async function messageIn(request: RequestView): Promise<object> {
  const bytes = await readBody(request, BODY)
  const parsed = isAuthError(bytes) ? bytes : parseJson(bytes)
  if (isAuthError(parsed)) throw new Refused(parsed)
  if (typeof parsed.value !== 'object' || parsed.value === null) throw new Refused(NO_MESSAGE)
  return parsed.value
}

/** The request as the SDK takes it; nothing of the credential goes along. */
function webRequest(request: RequestView, message: object): Request {
  const headers = new Headers({ 'content-type': 'application/json' })
  for (const [name, value] of Object.entries(messageOf(request).headers))
    if ((name === 'accept' || name.startsWith('mcp-')) && typeof value === 'string') headers.set(name, value)
  const body = JSON.stringify(message)
  return new Request('http://sample.test/mcp', { method: 'POST', headers, body, signal: AbortSignal.timeout(10_000) })
}

async function answerOf(response: Response): Promise<Answer> {
  const body = new Uint8Array(await response.arrayBuffer())
  const type = response.headers.get('content-type')
  const headers = {
    'content-length': `${body.length}`,
    'cache-control': 'no-store',
    ...(type && { 'content-type': type }),
  }
  return { status: response.status, headers, body }
}
