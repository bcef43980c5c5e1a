// The Redis of the tests: this machine's, or the one at REDIS_URL.
import { randomBytes } from 'node:crypto'
import { createClient } from '@redis/client'

export const REDIS = process.env.REDIS_URL || 'redis://127.0.0.1:6379'

/** Runs one command, on a connection of its own. */
export async function redis(command: readonly string[], url = REDIS): Promise<unknown> {
  const client = createClient({ url, RESP: 2, socket: { reconnectStrategy: false, connectTimeout: 1_000 } })
  client.on('error', () => {})
  await client.connect()
  try {
    return await client.sendCommand([...command])
  } finally {
    client.destroy()
  }
}

export const newPrefix = () => `countersign-test-${randomBytes(6).toString('hex')}`

/** The five keys of a store. */
export const keysOf = (prefix: string) =>
  ['entries', 'order', 'ends', 'changes', 'version'].map((name) => `{${prefix}}:${name}`)

/** Deletes what a store of that prefix holds. */
export const clear = (prefix: string, url = REDIS) => redis(['DEL', ...keysOf(prefix)], url)

/** Whether there is one; says loudly what is left out when there is none. */
export const hasRedis = await redis(['PING']).then(
  () => true,
  (error: Error) => {
    console.error(
      `\n*** LEFT OUT: what needs Redis. None answers at ${new URL(REDIS).host} (${error.message}).\n` +
        '*** To have it: docker compose up -d, or REDIS_URL=redis://… npm test\n',
    )
    return false
  },
)
