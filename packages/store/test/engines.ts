// The engines that tests run on, and addresses of empty stores for `openStore`.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { drop, hasPostgres, newSchema } from '../../store-postgres/test/postgres.ts'
import { clear, hasRedis, newPrefix, REDIS } from '../../store-redis/test/redis.ts'

export interface TestEngine {
  readonly name: string
  /** False: it is left out, and the console says why. */
  readonly isThere: boolean
  /** The address of an empty store. */
  fresh(): Promise<string>
  /** Removes all that `fresh` made. */
  clean(): Promise<void>
}

function engine(name: string, isThere: boolean, make: () => Promise<string>, remove: (address: string) => unknown) {
  const made: string[] = []
  return {
    name,
    isThere,
    async fresh() {
      const address = await make()
      made.push(address)
      return address
    },
    async clean() {
      for (const address of made.splice(0)) await remove(address)
    },
  } satisfies TestEngine
}

export const ENGINES: readonly TestEngine[] = [
  engine(
    'SQLite',
    true,
    async () => `sqlite:${join(mkdtempSync(join(tmpdir(), 'countersign-engines-')), 'auth.db')}`,
    (address) => rmSync(join(address.slice('sqlite:'.length), '..'), { recursive: true }),
  ),
  engine(
    'Redis',
    hasRedis,
    async () => `${REDIS}#${newPrefix()}`,
    (address) => clear(address.split('#')[1] as string),
  ),
  engine('PostgreSQL', hasPostgres, newSchema, drop),
]
