import type { Store } from '@countersign/store'
import { type StoredKey, writeRecord } from './key-record.ts'

/** Seconds between two writes of a key's last use. */
const INTERVAL = 60
/** Keys whose last write this process remembers. */
const MAX_REMEMBERED = 10_000

/**
 * Writes when a key was last used: at most once a minute a key, in the background where the store is asynchronous,
 * and it never fails a request.
 * The record's version is expected, so that a use can't undo a revocation; the use that loses is not written.
 */
export function lastUse(store: Pick<Store, 'commit'>, now: () => number): (key: StoredKey) => void {
  const tried = new Map<string, number>()

  function isDue(last: number | undefined, time: number): boolean {
    return last === undefined || time - last >= INTERVAL || time < last
  }

  return ({ id, record, version }) => {
    const time = now()
    if (!isDue(record.lastUsedAt, time) || !isDue(tried.get(id), time)) return
    tried.delete(id)
    tried.set(id, time)
    if (tried.size > MAX_REMEMBERED) tried.delete(tried.keys().next().value as string)
    try {
      const written = store.commit([writeRecord(id, { ...record, lastUsedAt: time }, version)])
      if (typeof written !== 'boolean') written.then(undefined, () => {})
    } catch {
      // A store that is down has refused, or will refuse, the request itself.
    }
  }
}
