import { authError, type Principal, type UnboundIssuer } from '@countersign/http'
import {
  authorizeCall,
  type ProtectedResourceOptions,
  protectedResource,
  protectTools,
  sdkVerifier,
  toolScopes,
} from '@countersign/mcp'
import { bearer, policy } from '@countersign/policy'
import { refuses } from './plugged.ts'

const RESOURCE = 'https://api.acme.com/mcp?tenant=a'

/** Tokens are `NAME.AUDIENCE.SCOPES`, in base64url but for the name: `later` answers later, and each knows its own alone. */
const issuerOf = (name: 'now' | 'later'): UnboundIssuer => ({
  issuer: `https://${name}.acme.com`,
  forAudience: (wanted) => ({
    verify(token) {
      const [issuer, ...parts] = token.split('.')
      const [audience, scopes = ''] = parts.map((part) => Buffer.from(part, 'base64url').toString())
      const own = audience === wanted ? principalOf(scopes) : authError('invalid_token', 'token.audience')
      const answer = issuer === name ? own : undefined
      return name === 'later' ? Promise.resolve(answer) : answer
    },
  }),
})
const principalOf = (scopes: string): Principal => {
  const ends = scopes.includes('endless') ? {} : { expiresAt: 4_102_444_800 }
  return { subject: 'ada', scopes: scopes.split(' '), credential: { client: 'web' }, ...ends }
}
const issuers = [issuerOf('later'), issuerOf('now')]

const mcp = protectedResource({
  resource: RESOURCE,
  issuers,
  scopes: ['posts:read', 'posts:write'],
  name: 'Posts',
  hosts: ['sample.test', 'mcp.internal:8080'],
  origins: ['https://app.acme.com'],
})
const root = protectedResource({ resource: 'https://api.acme.com/', issuers })
const prefixed = protectedResource({
  resource: 'https://api.acme.com/v1/posts',
  issuers,
  metadataUrl: 'https://api.acme.com/v1/.well-known/oauth-protected-resource/posts',
})
const local = protectedResource({ resource: 'http://127.0.0.1:3000/mcp', issuers })

const made = (options: object) => refuses(() => protectedResource(options as ProtectedResourceOptions))
const needs = (tools: unknown, more = {}) => refuses(() => toolScopes(tools as never, more))
const good = { resource: RESOURCE, issuers }
const caller = policy({ name: 'mcp', accept: bearer(mcp) })
const tools = toolScopes(
  {
    create_post: ['posts:write', 'posts:publish'],
    delete_post: { anyOf: [{ scope: 'posts:delete' }, { role: 'admin' }] },
    ping: [],
    '*': ['posts:read'],
  },
  {
    prompts: { review: ['prompts:review'] },
    resources: { 'posts://drafts/*': ['posts:drafts'], 'posts://drafts/open': [], 'posts://*': ['posts:read'] },
    methods: { 'logging/setLevel': ['admin'], 'tools/list': [] },
  },
)

/** The door of an MCP server without the server behind it: test ground for @countersign/mcp, for any host. */
export const door = {
  endpoints: [...mcp.endpoints, ...root.endpoints, ...prefixed.endpoints],
  mcp,
  verifier: sdkVerifier(mcp),
  caller,
  /** Wants a scope of its own before any tool. */
  scoped: policy({
    name: 'scoped',
    accept: bearer(mcp),
    allow: { allOf: [{ scope: 'mcp:use' }, { anyOf: [{ scope: 'a' }, { scope: 'mcp:use' }] }] },
  }),
  local: policy({ name: 'local', accept: bearer(local), mode: 'optional' }),
  tools,
  strict: toolScopes({ list_posts: ['posts:read'] }),
  /** What is refused where it is made. */
  misuse: {
    good: await made(good),
    option: await made({ ...good, scope: [] }),
    http: await made({ ...good, resource: 'http://api.acme.com/mcp' }),
    fragment: await made({ ...good, resource: 'https://api.acme.com/mcp#' }),
    issuers: await made({ ...good, issuers: [] }),
    'one issuer': await made({ ...good, issuers: issuers[0] }),
    'bound issuer': await made({ ...good, issuers: [{ issuer: 'https://a.test', verify: () => undefined }] }),
    'nameless issuer': await made({ ...good, issuers: [{ forAudience: () => ({ verify: () => undefined }) }] }),
    twice: await made({ ...good, issuers: [issuerOf('now'), issuerOf('now')] }),
    scopes: await made({ ...good, scopes: 'posts:read' }),
    hosts: await made({ ...good, hosts: ['https://a.test'] }),
    origins: await made({ ...good, origins: ['*'] }),
    'document elsewhere': await made({ ...good, metadataUrl: 'https://a.test/.well-known/oauth-protected-resource' }),
    'document misnamed': await made({ ...good, metadataUrl: 'https://api.acme.com/metadata' }),
    'document with a fragment': await made({ ...good, metadataUrl: `${prefixed.metadataUrl}#a` }),
    beside: await refuses(() => bearer([mcp, { issuer: 'https://now.acme.com', verify: () => undefined }])),
    policy: await refuses(() => protectTools({ describe() {} } as never, tools)),
    description: await refuses(() => protectTools({ authorize() {} } as never, tools)),
    tools: await refuses(() => protectTools(caller, {} as never)),
    'no tools': await needs({}),
    'no scope': await needs({ a: [''] }),
    'no needs': await needs({ a: null }),
    'no table': await needs({ a: [] }, { prompt: {} }),
    verifier: await refuses(() => sdkVerifier({} as never)),
    'verifier option': await refuses(() => sdkVerifier(mcp, { errors: Error } as never)),
    call: await refuses(() => authorizeCall({} as never, tools, {} as never, {})),
  },
}
