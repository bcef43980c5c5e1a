// The same on Fastify.
// npm i @countersign/fastify @countersign/mcp @countersign/policy @countersign/tokens @modelcontextprotocol/server @modelcontextprotocol/node
import { mount, problems, protect } from '@countersign/fastify'
import { protectedResource, protectTools, toolScopes } from '@countersign/mcp'
import { bearer, policy } from '@countersign/policy'
import { remoteIssuer } from '@countersign/tokens'
import { NodeStreamableHTTPServerTransport } from '@modelcontextprotocol/node'
import Fastify from 'fastify'
import { mcpServer } from './mcp-tools.ts'

const resource = process.env.RESOURCE ?? 'https://api.acme.com/mcp'
const issuer = process.env.ISSUER ?? 'https://login.acme.com'

const app = Fastify()
const mcp = protectedResource({ resource, issuers: [remoteIssuer(issuer)] })
const caller = policy({ accept: bearer(mcp) })
const tools = toolScopes({ create_post: ['posts:write'], '*': ['posts:read'] })
app.register(problems)
app.register(mount(mcp.endpoints))
app.post('/mcp', { onRequest: protect(caller), preHandler: protectTools(caller, tools) }, async (request, reply) => {
  const transport = new NodeStreamableHTTPServerTransport({ sessionIdGenerator: undefined })
  await mcpServer().connect(transport)
  reply.hijack()
  await transport.handleRequest(request.raw, reply.raw, request.body)
})
await app.listen({ port: Number(process.env.PORT ?? 3000), host: '127.0.0.1' })
