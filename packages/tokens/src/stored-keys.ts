import { Unavailable } from '@countersign/http'
import type { IssuerKeys, KeyPlan } from './issuer.ts'
import type { VerificationKey } from './key.ts'
import { checkRing, dueAt, nextChange, type PlacedKey, place, type RotationTimes, timeline } from './key-ring.ts'
import { keySet } from './key-set.ts'
import type { Revocations, Revoked } from './revocation.ts'
import { infoOf, ringOf, type StoredKey } from './ring-row.ts'
import type { Seal } from './seal.ts'
import { makeKey, readSigningKeys, type SigningAlgorithm, type SigningKeys } from './signing-keys.ts'
import type { StoreLike } from './store-like.ts'

/** The same, opened. The objects stay while the key does: remembered tokens hold on to them. */
interface OpenKey extends StoredKey {
  readonly signing: SigningKeys
  readonly verifying: VerificationKey
}

/** The keys of an issuer that live in the store, in this process. */
export interface StoredKeys extends IssuerKeys {
  /** The keys in force at this moment; `undefined` before they are known. */
  current(): SigningKeys | undefined
  /** Takes the ring as the feed told it. */
  take(value: string): void
  /** Waits for what was taken last; makes the first key where there is none. */
  load(): Promise<void>
  /** A promise while what was taken last is not open yet. */
  ready(): Promise<void> | undefined
  /** For a name that nobody here knows: asks what is new, not too often. `undefined`: nothing to wait for. */
  hearOf(ask: () => Promise<void> | undefined): Promise<void> | undefined
}

export interface StoredKeysOptions {
  readonly store: StoreLike
  /** Under which the ring is stored; the feed brings it. */
  readonly name: string
  readonly algorithm: SigningAlgorithm
  readonly times: RotationTimes
  readonly seal: Seal | undefined
  readonly revoked: Revocations
  /** Told when the next key, which is due, could not be made. */
  readonly failed: (error: unknown) => void
  /** A key that is retired: for how long its tokens could live. */
  readonly keyOver: (kid: string) => Revoked
  readonly clock: () => number
}

/** Each lost race means that another one was won. */
const TRIES = 100
/** Milliseconds between two questions about unknown names. */
const ASKING = 250
/** Milliseconds between two tries to make a key that is due. */
const RETRY = 5_000
/** Milliseconds between two looks whether the ring is still there, and sealed. */
const LOOKING = 60_000

export function storedKeys(options: StoredKeysOptions): StoredKeys {
  const { store, name, algorithm, times, seal, revoked, keyOver, failed, clock } = options
  const seconds = () => Math.floor(clock() / 1000)
  let opened: readonly OpenKey[] = []
  let text: string | undefined
  let opening: Promise<void> | undefined
  let current: { readonly keys: SigningKeys; readonly until: number; readonly from: number } | undefined
  let maintainedAt = Number.NEGATIVE_INFINITY
  let triedAt = Number.NEGATIVE_INFINITY
  let askedAt = Number.NEGATIVE_INFINITY
  let asking: Promise<void> | undefined

  function take(value: string): void {
    if (value === text) return
    text = value
    const turn = (opening ?? Promise.resolve()).catch(() => {}).then(() => open(value))
    opening = turn.then(() => {
      if (text === value) opening = undefined
    })
    opening.catch(() => {}) // whoever asks next is told
  }

  async function open(value: string): Promise<void> {
    const stored = ringOf(value)
    const other = stored.find((key) => (key.algorithm === 'HS256') !== (algorithm === 'HS256'))
    if (other)
      throw new Error(
        `localIssuer: \`algorithm\` is ${algorithm}, and the store has a key for ${other.algorithm}: a secret and public keys do not stand in one ring. Give the issuer another store, or delete the entry`,
      )
    opened = await Promise.all(stored.map(openKey))
    current = undefined
  }

  async function openKey(stored: StoredKey): Promise<OpenKey> {
    const known = opened.find(({ kid }) => kid === stored.kid)
    if (known) return { ...stored, signing: known.signing, verifying: known.verifying }
    const { jwk } = stored
    if (typeof jwk === 'string' && !seal)
      throw new Error('localIssuer: the signing key in the store is sealed; give the secret that sealed it as `seal`')
    const keys = readSigningKeys({ keys: [typeof jwk === 'string' ? await (seal as Seal).open(jwk) : jwk] })
    if (typeof keys === 'string') throw new Error(`localIssuer: a key in the store is refused: ${keys}`)
    return { ...stored, signing: keys, verifying: keys.verifying.keys[0] as VerificationKey }
  }

  async function load(): Promise<void> {
    if (text === undefined) await change((keys) => (keys.length > 0 ? undefined : withKey(keys, seconds(), true)))
    await opening
  }

  function currentKeys(): SigningKeys | undefined {
    const now = clock() / 1000
    // A clock that was set back counts as a change.
    if (current && now < current.until && now >= current.from) return current.keys
    if (opened.length === 0) return undefined
    const placed = place(opened, now, times)
    const active = placed.find(({ state }) => state === 'active') ?? placed[0]
    const live = placed.filter(({ state }) => state !== 'gone').map(({ key }) => key)
    const keys: SigningKeys = {
      ...(active as PlacedKey<OpenKey>).key.signing,
      verifying: keySet(live.map(({ verifying }) => verifying)),
      published: { keys: live.flatMap(({ signing }) => signing.published.keys) },
    }
    current = { keys, from: now, until: nextChange(placed, now) }
    return keys
  }

  /** Makes the next key when it is due, beside what is going on. */
  function maintain(): void {
    const now = seconds()
    if (opened.length === 0) return
    const isDue = wantedAt(opened, now) !== undefined
    if (isDue ? performance.now() - triedAt < RETRY : performance.now() - maintainedAt < LOOKING) return
    maintainedAt = performance.now()
    if (isDue) triedAt = maintainedAt
    change((keys) => {
      const signsFrom = wantedAt(keys, now)
      if (signsFrom !== undefined) return withKey(withoutGone(keys, now), signsFrom)
      return seal ? keys : undefined // sealed on the way in, where it is not
    }).catch((error: unknown) => failed(error)) // the key that signs goes on, and the next use tries again
  }

  /** When a next key is to sign, if one is due: by the schedule, or because another algorithm is asked for. */
  function wantedAt(keys: readonly StoredKey[], now: number): number | undefined {
    const placed = place(keys, now, times)
    const active = placed.find(({ state }) => state === 'active')
    const otherAlgorithm = active && active.key.algorithm !== algorithm && !placed.some(({ state }) => state === 'next')
    return otherAlgorithm ? now + times.ahead : dueAt(placed, now, times)
  }

  function withoutGone(keys: readonly StoredKey[], now: number): readonly StoredKey[] {
    return place(keys, now, times).flatMap(({ key, state }) => (state === 'gone' ? [] : [key]))
  }

  async function withKey(keys: readonly StoredKey[], signsFrom: number, atOnce = false): Promise<readonly StoredKey[]> {
    const jwk = await makeKey(algorithm)
    const made = { kid: jwk.kid as string, algorithm, publishedAt: seconds(), signsFrom, jwk }
    return [...keys, atOnce ? { ...made, atOnce } : made]
  }

  /** Reads, changes and writes the ring as one step; `undefined` leaves it as it is. Returns what is there then. */
  async function change(
    next: (keys: readonly StoredKey[]) => Promise<readonly StoredKey[]> | readonly StoredKey[] | undefined,
    also: readonly Revoked[] = [],
  ): Promise<readonly StoredKey[]> {
    for (let tries = 0; tries < TRIES; tries++) {
      const entry = await store.get(name)
      if (!entry && text !== undefined) {
        await restore()
        continue
      }
      const before = entry ? ringOf(entry.value) : []
      const after = await next(before)
      if (after === undefined) {
        if (entry) take(entry.value)
        return before
      }
      checkRing(after, seconds(), times, before)
      const value = JSON.stringify({ keys: await Promise.all(after.map(sealed)) })
      const write = { key: name, value, expected: entry?.version ?? null }
      if (value === entry?.value && also.length === 0) return before
      if (await store.commit([write, ...revoked.writes(also)])) {
        revoked.apply(also)
        take(value)
        return after
      }
    }
    throw new Unavailable('the store of signing keys')
  }

  /** The store forgot the ring: what this process knows of it goes back, or its tokens would be nobody's. */
  async function restore(): Promise<void> {
    await store.commit([{ key: name, value: text as string, expected: null }])
  }

  /** Whatever is written is sealed: a new key, one that was stored before there was a secret, one under an older secret. */
  async function sealed(key: StoredKey): Promise<StoredKey> {
    if (!seal) return key
    const jwk = typeof key.jwk === 'string' ? await seal.renew(key.jwk) : await seal.close(key.jwk)
    return { ...key, jwk }
  }

  function planOf(keys: readonly StoredKey[]): KeyPlan {
    const now = seconds()
    return { keys: place(keys, now, times).map(infoOf), timeline: timeline(keys, now, times) }
  }

  /** Runs a change, or says what it would come to. */
  async function plan(
    next: (keys: readonly StoredKey[]) => Promise<readonly StoredKey[]> | readonly StoredKey[],
    dryRun: boolean | undefined,
    also: readonly Revoked[] = [],
  ): Promise<KeyPlan> {
    if (!dryRun) {
      await load()
      const changed = await change(next, also)
      await opening // it holds here when this resolves
      return planOf(changed)
    }
    const entry = await store.get(name)
    if (!entry) throw new Error('there is no key yet, so there is nothing to try: the first is made when it is needed')
    const before = ringOf(entry.value)
    const after = await next(before)
    checkRing(after, seconds(), times, before)
    return planOf(after)
  }

  return {
    take,
    load,
    ready: () => opening,
    hearOf(ask) {
      if (asking) return asking
      if (performance.now() - askedAt < ASKING) return undefined
      askedAt = performance.now()
      const wait = ask()
      if (!wait) return opening
      asking = wait
        .then(() => opening)
        .finally(() => {
          asking = undefined
        })
      return asking
    },
    current() {
      const keys = currentKeys()
      maintain()
      return keys
    },
    async list() {
      const entry = await store.get(name)
      return entry ? planOf(ringOf(entry.value)).keys : []
    },
    rotate: ({ dryRun } = {}) =>
      plan((keys) => {
        const now = seconds()
        const rest = withoutGone(keys, now)
        const next = place(rest, now, times).find(({ state }) => state === 'next')?.key
        if (!next) return withKey(rest, now + times.ahead)
        const sooner = Math.min(next.signsFrom, Math.max(now, next.publishedAt + times.ahead))
        return rest.map((key) => (key === next ? { ...key, signsFrom: sooner } : key))
      }, dryRun),
    retire: (kid, { dryRun } = {}) =>
      plan(
        (keys) => {
          const now = seconds()
          const found = place(keys, now, times).find(({ key }) => key.kid === kid)
          if (!found) throw new TypeError(`retire: there is no key ${kid}; list() names those that there are`)
          const rest = keys.filter((key) => key.kid !== kid)
          if (found.state !== 'active') return rest
          const next = rest.find(({ signsFrom }) => signsFrom > now)
          if (!next) return withKey(rest, now, true)
          return rest.map((key) => (key === next ? { ...key, signsFrom: now, atOnce: true } : key))
        },
        dryRun,
        [keyOver(kid)],
      ),
  }
}
