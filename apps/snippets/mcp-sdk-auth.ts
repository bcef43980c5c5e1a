// The official SDK's own middleware, which is there for Express, with our verifier.
// npm i @countersign/express @countersign/mcp @countersign/tokens @modelcontextprotocol/express @modelcontextprotocol/node @modelcontextprotocol/server
import { mount } from '@countersign/express'
import { protectedResource, sdkVerifier } from '@countersign/mcp'
import { remoteIssuer } from '@countersign/tokens'
import { createMcpExpressApp, requireBearerAuth } from '@modelcontextprotocol/express'
import { toNodeHandler } from '@modelcontextprotocol/node'
import { createMcpHandler } from '@modelcontextprotocol/server'
import { mcpServer } from './mcp-tools.ts'

const port = Number(process.env.PORT ?? 3000)
const resource = process.env.RESOURCE ?? `http://127.0.0.1:${port}/mcp`
const issuer = process.env.ISSUER ?? 'https://login.acme.com'

const mcp = protectedResource({ resource, issuers: [remoteIssuer(issuer)] })
const auth = requireBearerAuth({ verifier: sdkVerifier(mcp), resourceMetadataUrl: mcp.metadataUrl })
const handler = toNodeHandler(createMcpHandler(({ authInfo }) => mcpServer({ subject: `${authInfo?.clientId}` })))

const app = createMcpExpressApp() // it looks at Host and Origin, and reads the body
app.use(mount(mcp.endpoints))
app.all('/mcp', auth, (req, res) => void handler(req, res, req.body))

app.listen(port, '127.0.0.1')
