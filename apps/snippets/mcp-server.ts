// An MCP server on Express whose clients find their way to its tokens by themselves, and whose tools have scopes.
// npm i @countersign/express @countersign/mcp @countersign/policy @countersign/tokens @modelcontextprotocol/server @modelcontextprotocol/node
import type { IncomingMessage, ServerResponse } from 'node:http'
import { mount, problems, protect } from '@countersign/express'
import { protectedResource, protectTools, toolScopes } from '@countersign/mcp'
import { bearer, policy } from '@countersign/policy'
import { remoteIssuer } from '@countersign/tokens'
import { NodeStreamableHTTPServerTransport } from '@modelcontextprotocol/node'
import express from 'express'
import { mcpServer } from './mcp-tools.ts'

const resource = process.env.RESOURCE ?? 'https://api.acme.com/mcp'
const issuer = process.env.ISSUER ?? 'https://login.acme.com'

const mcpHandler = async (req: IncomingMessage & { body?: unknown }, res: ServerResponse) => {
  const transport = new NodeStreamableHTTPServerTransport({ sessionIdGenerator: undefined })
  await mcpServer().connect(transport)
  await transport.handleRequest(req, res, req.body)
}

const app = express()
const mcp = protectedResource({ resource, issuers: [remoteIssuer(issuer)] })
const caller = policy({ accept: bearer(mcp) })
const tools = toolScopes({ create_post: ['posts:write'], '*': ['posts:read'] })
app.use(mount(mcp.endpoints))
app.post('/mcp', protect(caller), express.json(), protectTools(caller, tools), mcpHandler)

app.use(problems())
app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1')
