import type { Maybe } from '@countersign/http'
import type { Store } from './store.ts'

/**
 * Opens the store under test, with the clock given (epoch milliseconds). Each run of a case needs data of its own; called
 * again within one run, it opens a second handle on the same data.
 */
export type Open = (clock: () => number) => Maybe<Store>

/** One promise of the store contract. `run` rejects when the store breaks it. */
export interface StoreCase {
  readonly name: string
  run(open: Open): Promise<void>
}

export const NOON = Date.UTC(2026, 10, 21, 12)

/** Makes a case of a test that needs one store. */
export function storeCase(
  name: string,
  test: (store: Store, clock: { now: number }, open: () => Maybe<Store>) => Promise<void>,
): StoreCase {
  return {
    name,
    async run(open) {
      const clock = { now: NOON }
      const store = await open(() => clock.now)
      try {
        await test(store, clock, () => open(() => clock.now))
      } finally {
        await store.close()
      }
    },
  }
}
