// The door of an MCP server without the server behind it: what comes through is shown. Test ground for @countersign/mcp.
import { createServer } from 'node:http'
import { mount, problems, protect } from '@countersign/express'
import { authError, type Principal, type UnboundIssuer } from '@countersign/http'
import { type ProtectedResourceOptions, protectedResource, protectTools, toolScopes } from '@countersign/mcp'
import { bearer, policy } from '@countersign/policy'
import { refuses } from '@sample/domain/plugged'
import type { default as Express5, RequestHandler } from 'express'

const express: typeof Express5 = (await import(process.env.EXPRESS === '4' ? 'express4' : 'express')).default
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
const principalOf = (scopes: string): Principal => ({ subject: 'ada', scopes: scopes.split(' ') })
const issuers = [issuerOf('later'), issuerOf('now')]

const mcp = protectedResource({ resource: RESOURCE, issuers, scopes: ['posts:read', 'posts:write'], name: 'Posts' })
const root = protectedResource({ resource: 'https://api.acme.com/', issuers })
const caller = policy({ name: 'mcp', accept: bearer(mcp) })
const tools = toolScopes({ create_post: ['posts:write', 'posts:publish'], ping: [], '*': ['posts:read'] })
const strict = toolScopes({ list_posts: ['posts:read'] })

const app = express()
app.disable('x-powered-by').disable('etag')
app.use(mount([...mcp.endpoints, ...root.endpoints]))
const through: RequestHandler = (_request, response) => void response.json({ through: true })
const type = () => true
app.post('/mcp', protect(caller), express.json(), protectTools(caller, tools), through)
app.post('/strict', protect(caller), express.json(), protectTools(caller, strict), through)
app.post('/null', protect(caller), express.json({ strict: false }), protectTools(caller, tools), through)
app.post('/text', protect(caller), express.text({ type }), protectTools(caller, tools), through)
app.post('/bytes', protect(caller), express.raw({ type }), protectTools(caller, tools), through)
app.all('/unparsed', protect(caller), protectTools(caller, tools), through)

const made = (options: object) => refuses(() => protectedResource(options as ProtectedResourceOptions))
const good = { resource: RESOURCE, issuers }
const misuse = {
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
  beside: await refuses(() => bearer([mcp, { issuer: 'https://now.acme.com', verify: () => undefined }])),
  policy: await refuses(() => protectTools({} as never, tools)),
  tools: await refuses(() => protectTools(caller, {} as never)),
}
app.get('/misuse', (_request, response) => void response.json(misuse))
app.use(problems({ log: () => {} }))

const server = createServer(app).listen(Number(process.env.PORT), '127.0.0.1', () => {
  console.log(`listening on http://127.0.0.1:${(server.address() as { port: number }).port}`)
})
