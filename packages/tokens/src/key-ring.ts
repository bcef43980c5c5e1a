/** A key of an issuer on its way: published, then signing, then verifying only, then gone. Times are epoch seconds. */
export interface RingTimes {
  readonly kid: string
  readonly publishedAt: number
  readonly signsFrom: number
  /** It was published and signed at once: the first key, or one that takes over in an emergency. */
  readonly atOnce?: boolean
}

/** What a key of the ring is at a moment. */
export type KeyState = 'next' | 'active' | 'retiring' | 'gone'

/** Seconds. */
export interface RotationTimes {
  /** A key signs for so long; 0: until someone rotates by hand. */
  readonly every: number
  /** A key is published for so long before it signs: longer than any verifier keeps a JWK Set. */
  readonly ahead: number
  /** A key verifies for so long after it signed: the longest that a token of it is accepted. */
  readonly overlap: number
}

export interface PlacedKey<K extends RingTimes> {
  readonly key: K
  readonly state: KeyState
  /** When it stops signing, where a successor is known. */
  readonly signsUntil?: number
  /** When it leaves the JWK Set. */
  readonly goneAt?: number
}

/** Where each key is at `now`: the last whose time has come signs. In the order in which they sign. */
export function place<K extends RingTimes>(
  keys: readonly K[],
  now: number,
  { overlap }: RotationTimes,
): PlacedKey<K>[] {
  const sorted = keys.toSorted((a, b) => a.signsFrom - b.signsFrom)
  // Where the time of none has come (a clock that is behind that of whoever made it), the first.
  const active = Math.max(
    0,
    sorted.findLastIndex(({ signsFrom }) => signsFrom <= now),
  )
  return sorted.map((key, at) => {
    const signsUntil = sorted[at + 1]?.signsFrom
    if (signsUntil === undefined) return { key, state: at > active ? 'next' : 'active' }
    const goneAt = signsUntil + overlap
    const state = at > active ? 'next' : at === active ? 'active' : now < goneAt ? 'retiring' : 'gone'
    return { key, state, signsUntil, goneAt }
  })
}

/** When, after `now`, any key changes its place. `Infinity`: never by itself. */
export function nextChange(placed: readonly PlacedKey<RingTimes>[], now: number): number {
  const times = placed.flatMap(({ key, goneAt }) => [key.signsFrom, goneAt ?? Number.POSITIVE_INFINITY])
  return Math.min(...times.filter((time) => time > now), Number.POSITIVE_INFINITY)
}

/** When the next key is to sign, once it is time to publish it; `undefined` while it is not, or there is one. */
export function dueAt(placed: readonly PlacedKey<RingTimes>[], now: number, times: RotationTimes): number | undefined {
  const active = placed.find(({ state }) => state === 'active')
  if (times.every === 0 || !active || placed.some(({ state }) => state === 'next')) return undefined
  const wanted = active.key.signsFrom + times.every
  return now < wanted - times.ahead ? undefined : Math.max(wanted, now + times.ahead)
}

/**
 * Throws for a ring that would let a good token be refused, or that does not know who signs: it must never be stored.
 * Every key that is new or moved is published `ahead` before it signs, but one that has to sign at once; one signs now; names differ.
 */
export function checkRing(
  keys: readonly RingTimes[],
  now: number,
  times: RotationTimes,
  before: readonly RingTimes[] = [],
): void {
  const placed = place(keys, now, times)
  const fault = (what: string) => new Error(`the key ring would not hold: ${what}`)
  if (new Set(keys.map(({ kid }) => kid)).size < keys.length) throw fault('two keys have the same name')
  if (!placed.some(({ state }) => state === 'active')) throw fault('no key would sign now')
  if (placed.filter(({ state }) => state === 'next').length > 1) throw fault('two keys would be next')
  for (const { kid, publishedAt, signsFrom, atOnce } of keys) {
    // What was there was judged by the times of its day.
    if (before.some((one) => one.kid === kid && one.signsFrom === signsFrom)) continue
    if (atOnce !== true && signsFrom - publishedAt < times.ahead)
      throw fault(
        `key ${kid} would sign ${signsFrom - publishedAt} s after it is published, and ${times.ahead} is the least`,
      )
  }
}

/** One line of what happens to a ring, for people. Epoch seconds. */
export interface RingStep {
  readonly at: number
  readonly kid: string
  readonly what: 'published' | 'signs' | 'verifies only' | 'gone'
}

/** What is to come, in order of time. */
export function timeline(keys: readonly RingTimes[], now: number, times: RotationTimes): readonly RingStep[] {
  return place(keys, now, times)
    .flatMap(({ key: { kid, publishedAt, signsFrom }, signsUntil, goneAt }): RingStep[] => [
      { at: publishedAt, kid, what: 'published' },
      { at: signsFrom, kid, what: 'signs' },
      ...(signsUntil === undefined ? [] : [{ at: signsUntil, kid, what: 'verifies only' } as const]),
      ...(goneAt === undefined ? [] : [{ at: goneAt, kid, what: 'gone' } as const]),
    ])
    .filter(({ at }) => at >= now)
    .toSorted((a, b) => a.at - b.at)
}
