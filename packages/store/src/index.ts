export { type MemoryStore, type MemoryStoreOptions, memoryStore } from './memory.ts'
export { type SqliteStore, type SqliteStoreOptions, sqliteStore } from './sqlite.ts'
export type { Entry, Store, Watch, WatchedEntry, WatchOptions, Write } from './store.ts'
