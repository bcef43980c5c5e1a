// The door of an MCP server on Express, with nothing behind it: what comes through is shown.
import { createServer } from 'node:http'
import { mount, problems, protect } from '@countersign/express'
import { protectTools } from '@countersign/mcp'
import { requireBearerAuth } from '@modelcontextprotocol/express'
import { door } from '@sample/domain/mcp-door'
import type { default as Express5, RequestHandler } from 'express'

const express: typeof Express5 = (await import(process.env.EXPRESS === '4' ? 'express4' : 'express')).default
const { mcp, caller, tools, strict } = door

const app = express()
app.disable('x-powered-by').disable('etag')
app.use(mount(door.endpoints))
const through: RequestHandler = (_request, response) => void response.json({ through: true })
const type = () => true
app.post('/mcp', protect(caller), express.json(), protectTools(caller, tools), through)
app.post('/scoped', protect(door.scoped), express.json(), protectTools(door.scoped, tools), through)
app.post('/strict', protect(caller), express.json(), protectTools(caller, strict), through)
app.post('/null', protect(caller), express.json({ strict: false }), protectTools(caller, tools), through)
app.post('/text', protect(caller), express.text({ type }), protectTools(caller, tools), through)
app.post('/bytes', protect(caller), express.raw({ type }), protectTools(caller, tools), through)
app.all('/unparsed', protect(caller), protectTools(caller, tools), through)
app.post('/local', protect(door.local), through)
const sdk = requireBearerAuth({ verifier: door.verifier, resourceMetadataUrl: mcp.metadataUrl })
app.post('/sdk', sdk, (request, response) => {
  const { token: _, extra: __, ...auth } = (request as { auth?: { token: string; extra?: object } }).auth ?? {}
  response.json(auth)
})
app.get('/misuse', (_request, response) => void response.json(door.misuse))
app.use(problems({ log: () => {} }))

const server = createServer(app).listen(Number(process.env.PORT), '127.0.0.1', () => {
  console.log(`listening on http://127.0.0.1:${(server.address() as { port: number }).port}`)
})
