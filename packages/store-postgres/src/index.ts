export { migration } from './migration.ts'
export type { PostgresClient, PostgresPool } from './pool.ts'
export { type PostgresStoreOptions, postgresStore } from './postgres-store.ts'
