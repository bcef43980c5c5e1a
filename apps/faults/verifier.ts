// A server with one route behind tokens of an issuer elsewhere. Messages put its monotonic clock forward.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from '@countersign/http'
import { bearer, policy } from '@countersign/policy'
import { remoteIssuer } from '@countersign/tokens'

let offset = 0
const now = performance.now.bind(performance)
performance.now = () => now() + offset

const [issuer = ''] = process.argv.slice(2)
const verifier = remoteIssuer(issuer, { audience: 'https://api.sample.test', jwksUri: `${issuer}/jwks` })
const caller = policy({ name: 'caller', accept: bearer(verifier, { realm: 'faults' }) })
const OK = json(200, { ok: true })

const server = createServer(async (request, response) => {
  const verdict = await caller.check(request)
  const { status, headers, body } = verdict?.status === undefined ? OK : verdict
  response.writeHead(status, headers).end(body)
})
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }))
process.on('message', ({ ahead }: { readonly ahead: number }) => {
  offset += ahead
  globalThis.gc?.()
  process.send?.({ heap: process.memoryUsage().heapUsed })
})
process.once('disconnect', () => process.exit(0))
