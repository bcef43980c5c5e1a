// The load on a token endpoint, a process on a core of its own: each connection sends its next request when the last is
// answered. For a refresh that is the token which the answer brought, so each connection is a session.
import { connect, type Socket } from 'node:net'
import { type Grant, tokenRequest } from './life-endpoint-candidates.ts'
import type { Length, LoadAnswer } from './load.ts'

export type TokenLoadOrder =
  | {
      readonly kind: 'open'
      readonly port: number
      readonly audience: string
      readonly grant: Grant
      /** For a refresh the first token of each connection, else nothing of it: how many connections. */
      readonly sessions: readonly string[]
    }
  | ({ readonly kind: 'run' } & Length)

interface Connection {
  readonly socket: Socket
  request: string
  rest: string
}

let connections: Connection[] = []
let again: (body: string) => string
let stopping = true
let answered = 0
let underWay = 0
let drained: (() => void) | undefined

process.on('disconnect', () => process.exit())
process.on('message', (order: TokenLoadOrder) => {
  if (order.kind === 'open') open(order).then(() => process.send?.({ kind: 'ready' }), fail)
  else run(order).then((done) => process.send?.(done), fail)
})

async function open({ port, audience, grant, sessions }: TokenLoadOrder & { kind: 'open' }): Promise<void> {
  for (const { socket } of connections) socket.destroy()
  const same = tokenRequest(grant, audience)
  again =
    grant === 'client_credentials'
      ? () => same
      : (body) => tokenRequest(grant, audience, (JSON.parse(body) as { refresh_token: string }).refresh_token)
  connections = await Promise.all(
    sessions.map((token) =>
      connected(port, grant === 'client_credentials' ? same : tokenRequest(grant, audience, token)),
    ),
  )
}

async function run({ milliseconds, atLeast }: Length): Promise<LoadAnswer> {
  answered = 0
  stopping = false
  const cpu = process.cpuUsage()
  const start = performance.now()
  const end = new Promise<void>((resolve) => (drained = resolve))
  const check = () => {
    const time = performance.now() - start
    stopping = time >= 3 * milliseconds || (time >= milliseconds && answered >= atLeast)
    if (!stopping) setTimeout(check, 10)
  }
  setTimeout(check, milliseconds)
  underWay = connections.length
  for (const { socket, request } of connections) socket.write(request)
  await end
  const { user, system } = process.cpuUsage(cpu)
  return { kind: 'done', requests: answered, milliseconds: performance.now() - start, cpu: user + system }
}

function connected(port: number, request: string): Promise<Connection> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    const connection: Connection = { socket, request, rest: '' }
    socket.setEncoding('latin1')
    socket.once('connect', () => resolve(connection))
    socket.once('error', reject)
    socket.on('data', (chunk) => receive(connection, connection.rest + chunk))
    socket.once('close', () => {
      if (!stopping) fail(new Error('the server closed a connection'))
    })
  })
}

function receive(connection: Connection, text: string): void {
  const head = text.indexOf('\r\n\r\n')
  const length = Number(/^content-length: (\d+)/im.exec(text)?.[1])
  if (head === -1 || text.length < head + 4 + length) {
    connection.rest = text
    return
  }
  if (!text.startsWith('HTTP/1.1 200 ') || Number.isNaN(length)) {
    fail(new Error(`an answer without a token:\n${text}`))
    return
  }
  connection.rest = ''
  connection.request = again(text.slice(head + 4))
  answered++
  if (!stopping) connection.socket.write(connection.request)
  else if (--underWay === 0) drained?.()
}

function fail(error: Error): void {
  process.send?.({ kind: 'failed', why: error.message })
}
