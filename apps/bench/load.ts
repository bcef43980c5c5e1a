// The load, a process on a core of its own: keep-alive connections with one request under way each, from bytes made
// beforehand. Every answer is looked at: another status than the wanted one ends the run.
import { connect, type Socket } from 'node:net'

/** How long to go on: for the time, and until that many were answered; three times the time at most. */
export interface Length {
  readonly milliseconds: number
  readonly atLeast: number
}
/** Told over IPC: which requests to send in turn, where to, and to begin. */
export type LoadRequest =
  | { readonly kind: 'requests'; readonly texts: readonly string[] }
  | { readonly kind: 'open'; readonly port: number; readonly connections: number }
  | ({ readonly kind: 'run'; readonly status: number } & Length)
/** What came of a `run`: every request was answered before it is told. */
export interface LoadAnswer {
  readonly kind: 'done'
  readonly requests: number
  readonly milliseconds: number
  /** Microseconds of this process. */
  readonly cpu: number
}

interface Connection {
  readonly socket: Socket
  /** The length of the last answer, once it was read in full: the next one is most likely as long. */
  length: number
  rest: Buffer | undefined
}

let connections: Connection[] = []
let pool: readonly Buffer[] = []
let next = 0
let wanted = 200
let stopping = true
let underWay = 0
let answered = 0
let drained: (() => void) | undefined

process.on('disconnect', () => process.exit())
process.on('message', (message: LoadRequest) => {
  handle(message).catch((error: Error) => fail(error.message))
})

async function handle(message: LoadRequest): Promise<void> {
  if (message.kind === 'requests') {
    pool = message.texts.map((text) => Buffer.from(text, 'latin1'))
    next = 0
  } else if (message.kind === 'open') {
    for (const { socket } of connections) socket.destroy()
    connections = await Promise.all(Array.from({ length: message.connections }, () => open(message.port)))
  } else {
    process.send?.(await run(message))
    return
  }
  process.send?.({ kind: 'ready' })
}

async function run({ status, milliseconds, atLeast }: LoadRequest & { kind: 'run' }): Promise<LoadAnswer> {
  wanted = status
  answered = 0
  stopping = false
  for (const connection of connections) connection.length = 0
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
  for (const { socket } of connections) send(socket)
  await end
  const { user, system } = process.cpuUsage(cpu)
  return { kind: 'done', requests: answered, milliseconds: performance.now() - start, cpu: user + system }
}

function send(socket: Socket): void {
  socket.write(pool[next++ % pool.length] as Buffer)
}

function open(port: number): Promise<Connection> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      port,
      host: '127.0.0.1',
      noDelay: true,
      onread: {
        buffer: Buffer.allocUnsafe(65_536),
        callback(size, buffer) {
          receive(connection, (buffer as Buffer).subarray(0, size))
          return true
        },
      },
    })
    const connection: Connection = { socket, length: 0, rest: undefined }
    socket.once('connect', () => resolve(connection))
    socket.once('error', reject)
    socket.once('close', () => {
      if (!stopping) fail('the server closed a connection')
    })
  })
}

function receive(connection: Connection, chunk: Buffer): void {
  const bytes = connection.rest ? Buffer.concat([connection.rest, chunk]) : chunk
  if (connection.length !== bytes.length) {
    const length = lengthOf(bytes)
    if (length === undefined || bytes.length < length) {
      connection.rest = Buffer.from(bytes)
      return
    }
    if (bytes.length > length) fail('more than one answer to one request')
    connection.length = length
  }
  connection.rest = undefined
  const status = statusOf(bytes)
  if (status !== wanted) fail(`an answer of ${status} in place of ${wanted}:\n${bytes}`)
  answered++
  if (!stopping) send(connection.socket)
  else if (--underWay === 0) drained?.()
}

/** `HTTP/1.1 200 …` */
function statusOf(bytes: Buffer): number {
  return (bytes[9] as number) * 100 + (bytes[10] as number) * 10 + (bytes[11] as number) - 48 * 111
}

/** Of head and body together; `undefined` while the head is not whole. Candidates answer with a `Content-Length`. */
function lengthOf(bytes: Buffer): number | undefined {
  const end = bytes.indexOf('\r\n\r\n')
  if (end === -1) return undefined
  const length = /^content-length: (\d+)/im.exec(bytes.toString('latin1', 0, end))?.[1]
  if (length === undefined) {
    fail(`an answer without a Content-Length:\n${bytes}`)
    return undefined
  }
  return end + 4 + Number(length)
}

function fail(why: string): void {
  process.send?.({ kind: 'failed', why })
}
