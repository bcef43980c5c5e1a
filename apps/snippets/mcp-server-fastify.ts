// The same on Fastify.
// npm i @countersign/fastify @countersign/mcp @countersign/policy @countersign/tokens @modelcontextprotocol/server @modelcontextprotocol/node
import { mount, problems, protect } from '@countersign/fastify'
import { assertResource, protectedResource, protectTools, toolScopes } from '@countersign/mcp'
import { bearer, policy } from '@countersign/policy'
import { remoteIssuer } from '@countersign/tokens'
import { NodeStreamableHTTPServerTransport } from '@modelcontextprotocol/node'
import Fastify from 'fastify'
import { mcpServer } from './mcp-tools.ts'

const port = Number(process.env.PORT ?? 3000)
const resource = process.env.RESOURCE ?? `http://127.0.0.1:${port}/mcp`
const issuer = process.env.ISSUER ?? 'https://login.acme.com'

const app = Fastify()
const mcp = protectedResource({ resource, issuers: [remoteIssuer(issuer)], scopes: ['posts:read'] })
const caller = policy({ accept: bearer(mcp), scopes: ['posts:read'] })
const tools = toolScopes({ create_post: ['posts:write'], '*': [] })
app.register(problems)
app.register(mount(mcp.endpoints))
app.post('/mcp', { onRequest: protect(caller), preHandler: protectTools(caller, tools) }, async (request, reply) => {
  const transport = new NodeStreamableHTTPServerTransport({ sessionIdGenerator: undefined })
  await mcpServer(caller.principal(request)).connect(transport)
  reply.hijack()
  await transport.handleRequest(request.raw, reply.raw, request.body)
})
app.get('/mcp', (_request, reply) => reply.header('allow', 'POST').code(405).send()) // no stream, which clients ask for

await app.listen({ port, host: '127.0.0.1' })
// Walks the way of a client once, and says what would stop it.
assertResource(mcp).then(() => console.log('clients find their way'), console.error)
