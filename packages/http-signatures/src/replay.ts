import { hash } from 'node:crypto'
import type { Maybe } from '@countersign/http'
import { andThen } from './maybe.ts'

/** What remembers a nonce: any `Store` of `@countersign/store` fits. By shape, so that a client installs no store. */
export interface ReplayStore {
  commit(
    writes: readonly {
      readonly key: string
      readonly value: string
      readonly expected: null
      readonly expiresAt: number
    }[],
  ): Maybe<boolean>
}

/** Remembers what is named by `parts` until then, epoch seconds; false for what was there. One write, which one caller wins. */
export function isNew(replay: ReplayStore, kind: string, parts: readonly string[], until: number): Maybe<boolean> {
  const key = `${kind}:${hash('sha256', JSON.stringify(parts), 'base64url')}`
  const writes = [{ key, value: '', expected: null, expiresAt: (until + 1) * 1000 }] as const
  return andThen(replay.commit(writes), (written) => written === true)
}

export function checkReplay(maker: string, replay: unknown): void {
  if (replay === false || typeof (replay as Partial<ReplayStore> | undefined)?.commit === 'function') return
  throw new TypeError(
    `${maker}: replay must be a store that all processes share, or false: then a young message may be replayed`,
  )
}
