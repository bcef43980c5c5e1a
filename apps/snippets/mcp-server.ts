// An MCP server on Express whose clients find their way to its tokens by themselves, and whose tools have scopes.
// npm i @countersign/express @countersign/mcp @countersign/policy @countersign/tokens @modelcontextprotocol/server @modelcontextprotocol/node
import { mount, problems, protect } from '@countersign/express'
import { assertResource, protectedResource, protectTools, toolScopes } from '@countersign/mcp'
import { bearer, policy } from '@countersign/policy'
import { remoteIssuer } from '@countersign/tokens'
import { NodeStreamableHTTPServerTransport } from '@modelcontextprotocol/node'
import express from 'express'
import { mcpServer } from './mcp-tools.ts'

const port = Number(process.env.PORT ?? 3000)
const resource = process.env.RESOURCE ?? `http://127.0.0.1:${port}/mcp`
const issuer = process.env.ISSUER ?? 'https://login.acme.com'

const app = express()
const mcp = protectedResource({ resource, issuers: [remoteIssuer(issuer)], scopes: ['posts:read'] })
const caller = policy({ accept: bearer(mcp), scopes: ['posts:read'] })
const tools = toolScopes({ create_post: ['posts:write'], '*': [] })
app.use(mount(mcp.endpoints))
app.post('/mcp', protect(caller), express.json(), protectTools(caller, tools), async (req, res) => {
  const transport = new NodeStreamableHTTPServerTransport({ sessionIdGenerator: undefined })
  await mcpServer(caller.principal(req)).connect(transport)
  await transport.handleRequest(req, res, req.body)
})
app.get('/mcp', (_req, res) => res.set('allow', 'POST').sendStatus(405)) // no stream, which clients ask for
app.use(problems())

app.listen(port, '127.0.0.1', () => {
  // Walks the way of a client once, and says what would stop it.
  assertResource(mcp).then(() => console.log('clients find their way'), console.error)
})
