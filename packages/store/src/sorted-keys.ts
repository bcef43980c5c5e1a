import { compareKeys } from './key.ts'

/** Keys in order, for a store that must scan: adding one costs the same among a thousand and a million. */
export interface SortedKeys {
  add(key: string): void
  remove(key: string): void
  /** Those from `first` on (from behind it, when `behind`), in order. */
  from(first: string, behind?: boolean): Generator<string>
  clear(): void
}

/** Keys a chunk may have: one longer is moved about too much, one shorter makes too many. */
const CHUNK = 512

export function sortedKeys(): SortedKeys {
  let chunks: string[][] = []

  /** The last chunk that begins at or before `key`. */
  function chunkOf(key: string): number {
    return Math.max(0, lowest(chunks.length, (at) => compareKeys(chunks[at]?.[0] as string, key) > 0) - 1)
  }

  return {
    add(key) {
      const at = chunkOf(key)
      const chunk = chunks[at]
      if (!chunk) {
        chunks.push([key])
        return
      }
      const place = placeIn(chunk, key)
      if (chunk[place] === key) return
      chunk.splice(place, 0, key)
      if (chunk.length > CHUNK) chunks.splice(at + 1, 0, chunk.splice(CHUNK / 2))
    },
    remove(key) {
      const at = chunkOf(key)
      const chunk = chunks[at]
      const place = chunk ? placeIn(chunk, key) : 0
      if (chunk?.[place] !== key) return
      chunk.splice(place, 1)
      if (chunk.length === 0) chunks.splice(at, 1)
    },
    *from(first, behind = false) {
      let at = chunkOf(first)
      let place = chunks[at] ? placeIn(chunks[at] as string[], first) : 0
      for (; at < chunks.length; at++, place = 0)
        for (const key of (chunks[at] as string[]).slice(place)) if (!behind || key !== first) yield key
    },
    clear() {
      chunks = []
    },
  }
}

function placeIn(chunk: readonly string[], key: string): number {
  return lowest(chunk.length, (at) => compareKeys(chunk[at] as string, key) >= 0)
}

/** The first of `count` places for which `holds` does; it holds for all behind. */
function lowest(count: number, holds: (at: number) => boolean): number {
  let low = 0
  let high = count
  while (low < high) {
    const middle = (low + high) >>> 1
    if (holds(middle)) high = middle
    else low = middle + 1
  }
  return low
}
