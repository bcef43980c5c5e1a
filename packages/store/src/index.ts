export type { Entry, Store, Watch, WatchedEntry, Write } from './store.ts'
