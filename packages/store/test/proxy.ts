// A TCP proxy before a database, that can be made to fail: for tests of what a store does then.
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export interface FaultyProxy {
  readonly port: number
  /** Goes on as nothing were: what was held back is delivered, new connections are relayed. */
  pass(): void
  /** Nothing goes through and nothing is closed: no answer, no reset. New connections are taken, and left alone. */
  blackHole(): void
  /** The connections that are open stay open, and are silent for ever; new ones are relayed. */
  forget(): void
  /** Ends all connections, and refuses new ones until `pass`. */
  refuse(): void
  /** Ends all connections with a reset; new ones are relayed. */
  cut(): void
  /** Milliseconds by which each answer is held back. */
  delay(milliseconds: number): void
  /** Connections that are open now. */
  readonly open: number
  close(): Promise<void>
}

/** A proxy on a free port of the loopback, before `port` of the loopback. */
export async function proxy(port: number, host = '127.0.0.1'): Promise<FaultyProxy> {
  let mode: 'pass' | 'black hole' | 'refuse' = 'pass'
  let wait = 0
  const pairs = new Set<readonly [Socket, Socket]>()
  const forgotten = new Set<Socket>()

  const server = createServer((client) => {
    if (mode === 'refuse') return void client.resetAndDestroy()
    const database = connect(port, host)
    const pair = [client, database] as const
    pairs.add(pair)
    for (const [from, to] of [pair, [database, client]] as const) {
      from.setNoDelay(true)
      from.on('data', (chunk) => {
        if (from === database && wait > 0) setTimeout(() => to.writable && to.write(chunk), wait)
        else to.write(chunk)
      })
      from.on('error', () => {})
      from.on('close', () => {
        pairs.delete(pair)
        to.destroy()
      })
      if (mode === 'black hole') from.pause()
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')

  const each = (act: (socket: Socket) => void) => {
    for (const pair of pairs) pair.forEach(act)
  }
  return {
    port: (server.address() as AddressInfo).port,
    get open() {
      return pairs.size
    },
    pass() {
      mode = 'pass'
      each((socket) => forgotten.has(socket) || socket.resume())
    },
    blackHole() {
      mode = 'black hole'
      each((socket) => socket.pause())
    },
    forget: () =>
      each((socket) => {
        forgotten.add(socket)
        socket.pause()
      }),
    refuse() {
      mode = 'refuse'
      each((socket) => socket.resetAndDestroy())
    },
    cut: () => each((socket) => socket.resetAndDestroy()),
    delay: (milliseconds) => void (wait = milliseconds),
    async close() {
      each((socket) => socket.destroy())
      server.close()
      await once(server, 'close')
    },
  }
}
