/** What is used of a pool: one of `pg`, of whichever copy. */
export interface PostgresPool {
  connect(): Promise<PostgresClient>
  readonly options?: { readonly max?: number }
}

/** What is used of a client of that pool. */
export interface PostgresClient {
  query(query: { text: string; values?: unknown[]; query_timeout?: number }): Promise<{ rows: unknown[] }>
  release(error?: Error | boolean): void
  on(event: 'notification' | 'error' | 'end', listener: () => void): unknown
  removeListener(event: 'notification' | 'error' | 'end', listener: () => void): unknown
  unref?(): void
}
