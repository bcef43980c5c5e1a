import { createClient, type RedisClientOptions } from '@redis/client'

/** What this store sends, and gets back from a script. */
export type Reply = string | number | null | readonly Reply[]

/** One connection to Redis. It is made when it is needed, and again by the next call when it broke: nothing is queued for later. */
export interface Connection {
  /** Rejects when the command was refused, or the connection broke or could not be made. */
  send(command: readonly string[]): Promise<Reply>
  /** Which start of which server it leads to: another one may lack the newest changes. */
  server(): Promise<string>
  /** Gives the connection up, with what is under way. */
  reset(): void
  close(): void
}

interface Opened {
  readonly client: ReturnType<typeof createClient>
  readonly server: string
}

/** `timeout`: milliseconds for making the connection. */
export function connect(options: RedisClientOptions, timeout: number): Connection {
  let opening: Promise<Opened> | undefined
  let current: ReturnType<typeof createClient> | undefined
  let closed = false

  function opened(): Promise<Opened> {
    if (closed) return Promise.reject(new Error('it was closed'))
    opening ??= open()
    return opening
  }

  async function open(): Promise<Opened> {
    const client = createClient({
      ...options,
      RESP: 2,
      disableOfflineQueue: true,
      socket: {
        ...options.socket,
        connectTimeout: timeout,
        reconnectStrategy: false,
      } as RedisClientOptions['socket'] & {},
    }) as unknown as ReturnType<typeof createClient>
    current = client
    const forget = () => {
      if (current !== client) return
      opening = undefined
      current = undefined
      end(client)
    }
    client.on('error', forget) // whoever waits for an answer is told
    client.on('end', forget)
    try {
      await client.connect()
      client.unref()
      const info = await client.sendCommand<string>(['INFO', 'server']).catch(() => '') // not all may ask
      const server = /^run_id:(\w+)/m.exec(String(info))?.[1] ?? `${performance.timeOrigin}-${performance.now()}`
      if (closed || current !== client) throw new Error('it was given up')
      return { client, server }
    } catch (error) {
      forget()
      throw error
    }
  }

  function reset(): void {
    const client = current
    opening = undefined
    current = undefined
    if (client) end(client)
  }

  return {
    async send(command) {
      const { client } = await opened()
      return client.sendCommand<Reply>([...command])
    },
    server: async () => (await opened()).server,
    reset,
    close() {
      closed = true
      reset()
    },
  }
}

function end(client: ReturnType<typeof createClient>): void {
  try {
    client.destroy()
  } catch {
    // it was closed already
  }
}
