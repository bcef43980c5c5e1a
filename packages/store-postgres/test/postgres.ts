// The PostgreSQL of the tests: this machine's, or the one at DATABASE_URL.
import { randomBytes } from 'node:crypto'
import { Client } from 'pg'

export { Client } from 'pg'

export const POSTGRES = process.env.DATABASE_URL || 'postgres://postgres@127.0.0.1:5432/test'

/** Runs SQL, on a connection of its own. */
export async function postgres(sql: string, values?: unknown[], url = POSTGRES): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 1_000 })
  client.on('error', () => {})
  await client.connect()
  try {
    return (await client.query(sql, values)).rows
  } finally {
    await client.end()
  }
}

/** The address of an empty schema. */
export async function newSchema(): Promise<string> {
  const schema = `countersign_test_${randomBytes(6).toString('hex')}`
  await postgres(`CREATE SCHEMA ${schema}`)
  return inSchema(schema)
}

export function inSchema(schema: string, address = POSTGRES): string {
  const url = new URL(address)
  url.searchParams.set('options', `-csearch_path=${schema}`)
  return url.href
}

export const schemaOf = (url: string) => new URL(url).searchParams.get('options')!.split('=')[1]!

/** Drops the schema of an address. */
export const drop = (url: string) => postgres(`DROP SCHEMA IF EXISTS ${schemaOf(url)} CASCADE`)

/** Whether there is one; says loudly what is left out when there is none. */
export const hasPostgres = await postgres('SELECT 1').then(
  () => true,
  (error: Error) => {
    console.error(
      `\n*** LEFT OUT: what needs PostgreSQL. None answers at ${new URL(POSTGRES).host} (${error.message}).\n` +
        '*** To have it: docker compose up -d, or DATABASE_URL=postgres://… npm test\n',
    )
    return false
  },
)
