// The same door on Fastify, with the official SDK's own gate around a handler in place of its Express middleware.
import { mount, problems, protect } from '@countersign/fastify'
import { protectTools, type ToolScopes } from '@countersign/mcp'
import type { Policy } from '@countersign/policy'
import { requireBearerAuth } from '@modelcontextprotocol/server'
import { door } from '@sample/domain/mcp-door'
import Fastify, { type FastifyInstance } from 'fastify'

const { mcp, caller, tools, strict } = door
const app = Fastify()
app.register(problems, { log: () => {} })
app.register(mount(door.endpoints))

const through = async () => ({ through: true })
const guarded = (by: Pick<Policy, 'authorize' | 'describe' | 'check' | 'name'> & Policy, needs: ToolScopes) => ({
  onRequest: protect(by),
  preHandler: protectTools(by, needs),
})
app.post('/mcp', guarded(caller, tools), through)
app.post('/scoped', guarded(door.scoped, tools), through)
app.post('/strict', guarded(caller, strict), through)
app.post('/null', guarded(caller, tools), through)
app.post('/local', { onRequest: protect(door.local) }, through)

/** Routes whose bodies are parsed otherwise. */
const parsedAs = (parse: (body: Buffer) => unknown, routes: (scope: FastifyInstance) => void) =>
  app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, parse(body as Buffer)))
    routes(scope)
  })
parsedAs(String, (scope) => scope.post('/text', guarded(caller, tools), through))
parsedAs(
  (body) => body,
  (scope) => scope.post('/bytes', guarded(caller, tools), through),
)
parsedAs(
  () => undefined,
  (scope) => scope.all('/unparsed', guarded(caller, tools), through),
)

const gate = requireBearerAuth({ verifier: door.verifier, resourceMetadataUrl: mcp.metadataUrl })
app.post('/sdk', async (request, reply) => {
  const headers = { authorization: request.headers.authorization ?? '' }
  const auth = await gate(new Request(mcp.resource, { headers }))
  if (!(auth instanceof Response)) return { ...auth, token: undefined, extra: undefined }
  return reply
    .code(auth.status)
    .headers(Object.fromEntries(auth.headers))
    .send(await auth.json())
})
app.get('/misuse', async () => door.misuse)

const address = await app.listen({ port: Number(process.env.PORT), host: '127.0.0.1' })
console.log(`listening on ${address}`)
