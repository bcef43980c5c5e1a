import { hash } from 'node:crypto'
import { type AuthError, authError, isAuthError, type Maybe, type RequestView } from '@countersign/http'
import { addressOf } from './address.ts'
import { type CheckedStore, checkedStore } from './checked-store.ts'
import { refusedHeaders } from './limit-headers.ts'
import type { Count } from './limit-store.ts'
import { type Budget, type LoginLimitsOptions, loginLimitsOptions } from './login-limits-options.ts'
import { waitingRoom } from './waiting-room.ts'

/** What `passwordLogin({ limits })` of `@countersign/passwords` takes, by shape. */
export interface LoginLimits {
  /**
   * Takes from the budgets before anything is hashed; `too_many_requests` (429), reason `login.limit`, when failures have used one
   * up; `temporarily_unavailable` (503), reason `login.busy`, while as many logins of this user are under way at this address.
   */
  begin(username: string, request: RequestView): Promise<LoginAttempt | AuthError>
}

/** An attempt that was let through and counts as failed until it is told otherwise. None of these rejects. */
export interface LoginAttempt {
  /** The password was right: the budgets of user and address, and of the address, are as before or better. */
  succeeded(): Promise<void>
  /** The password was wrong. */
  failed(): Promise<void>
  /** Nothing was found out (a database was down): the budgets are as before. */
  undone(): Promise<void>
}

interface Taken {
  readonly count: Count | undefined
  readonly ended: () => void
}

const REMEMBERED = 30 * 24 * 60 * 60
const NAME = 'failed-logins'
const BUSY = authError('temporarily_unavailable', 'login.busy', {
  detail: 'Too many logins at once. Try again.',
  headers: { 'retry-after': '1' },
})

/**
 * Budgets of failed logins: for each user at one address, and for each address. Over all addresses a user has none that could
 * run out, so no stranger locks anybody out: attempts only wait, longer with each failure, `delay.most` seconds at most, and
 * not at all from an address where the user signed in within 30 days. Throws a TypeError for wrong options.
 */
export function loginLimits(options: LoginLimitsOptions = {}): LoginLimits {
  const { pair, perAddress, delay, store: given, whenDown, prefix, canonical } = loginLimitsOptions(options)
  const store = checkedStore(NAME, given, whenDown)
  const underWay = new Map<string, number>()
  const room = waitingRoom(delay.places, delay.placesInAll)

  /** Takes one from a budget; where there is none left, gives it back, and an error. */
  async function take(key: string, budget: Budget): Promise<Taken | AuthError> {
    // Counted before it is known what stands there: those that begin together see each other.
    const ended = counted(underWay, key)
    try {
      const count = await store.add(key, 1, budget.window)
      if (!count || !isOver(count, budget)) return { count, ended }
      const others = (underWay.get(key) ?? 1) - 1
      ended()
      await settle([giveBack(store, key, budget.window)])
      // Used up by failures, or only by logins of which nobody knows yet: those may all be right.
      return usedBefore(count) - others >= budget.limit ? refusal(budget, count.endsIn) : BUSY
    } catch (down) {
      ended()
      throw down
    }
  }

  return Object.freeze({
    async begin(username: string, request: RequestView) {
      const [user, address] = [canonical(username), addressOf(request, prefix)]
      const keys = { pair: keyOf('pair', user, address), address: keyOf('address', address), user: keyOf('user', user) }
      const home = keyOf('home', user, address)

      // The address first: one that is used up costs the store one row, whomever it names.
      const atAddress = await take(keys.address, perAddress)
      if (isAuthError(atAddress)) return atAddress
      const here = await take(keys.pair, pair).catch((down: unknown) => {
        atAddress.ended()
        throw down
      })
      if (isAuthError(here)) {
        atAddress.ended()
        await settle([giveBack(store, keys.address, perAddress.window)])
        return here
      }
      const ended = () => {
        atAddress.ended()
        here.ended()
      }
      const undone = () => {
        ended()
        return settle([
          giveBack(store, keys.pair, pair.window),
          giveBack(store, keys.address, perAddress.window),
          giveBack(store, keys.user, pair.window),
        ])
      }
      const succeeded = () => {
        ended()
        return settle([
          store.delete(keys.pair),
          giveBack(store, keys.address, perAddress.window),
          giveBack(store, keys.user, pair.window),
          store.add(home, 1, REMEMBERED),
        ])
      }
      try {
        const failed = await store.add(keys.user, 1, pair.window)
        const wait = delay.after(usedBefore(failed))
        if (wait > 0 && !(await store.peek(home)) && !(await room.wait(user, wait, usedBefore(here.count)))) {
          await undone()
          return waiting(wait)
        }
      } catch (down) {
        ended()
        throw down
      }
      return { succeeded, failed: async () => ended(), undone }
    },
  })
}

/** One more of a key, until the function that it gives is called. */
function counted(all: Map<string, number>, key: string): () => void {
  all.set(key, (all.get(key) ?? 0) + 1)
  let ended = false
  return () => {
    if (ended) return
    ended = true
    const left = (all.get(key) ?? 1) - 1
    if (left > 0) all.set(key, left)
    else all.delete(key)
  }
}

function isOver(count: Count, budget: Budget): boolean {
  return count.used > budget.limit
}

/** Failed, or under way, without this one. */
function usedBefore(count: Count | undefined): number {
  return count === undefined ? 0 : count.used - 1
}

/** Where all places are taken: nobody's budget is used up. */
function waiting(wait: number): AuthError {
  return authError('too_many_requests', 'login.waiting', {
    detail: 'Too many logins of this user wait. Try again later.',
    headers: { 'retry-after': `${Math.max(1, Math.ceil(wait / 1000))}` },
  })
}

/** The same for all: whether there is such a user, nobody learns here. */
function refusal({ limit, window }: Budget, endsIn: number): AuthError {
  return authError('too_many_requests', 'login.limit', {
    detail: 'Too many failed logins. Try again later.',
    headers: refusedHeaders(NAME, limit, window, endsIn),
    expected: `at most ${limit} failed in ${window} s`,
  })
}

/** Hashed, so that no key is long or odd. Who has the store and a list of names or addresses can try them. */
function keyOf(...parts: readonly string[]): string {
  return hash('sha256', JSON.stringify(['login', ...parts]), 'base64url')
}

/** Into the same window only: where it ended meanwhile, nothing is owed, and none begins with a bonus. */
async function giveBack(store: CheckedStore, key: string, window: number): Promise<void> {
  const left = await store.add(key, -1, window)
  if (left !== undefined && left.used < 0) await store.add(key, 1, window)
}

/** A store that went down meanwhile costs the caller a part of the budget, not the login. */
async function settle(changes: readonly Maybe<unknown>[]): Promise<void> {
  await Promise.allSettled(changes)
}
