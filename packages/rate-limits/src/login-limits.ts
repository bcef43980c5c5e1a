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

/** A budget that an attempt is taken from. */
interface Held {
  readonly key: string
  readonly budget: Budget
  /** Of the wider network of an IPv6 address. */
  readonly isNetwork: boolean
  readonly isOfUser: boolean
}

type Change = () => Maybe<unknown>

interface Taken {
  readonly count: Count | undefined
  readonly ended: () => void
}

const REMEMBERED = 30 * 24 * 60 * 60
const NAME = 'failed-logins'
/** Bits of an IPv6 address that one site has at least, with 65,536 networks of 64 in it; ten times what one address may. */
const NETWORK = 48
const ofNetwork = ({ limit, window }: Budget): Budget => ({ limit: limit * 10, window })
const BUSY = authError('temporarily_unavailable', 'login.busy', {
  detail: 'Too many logins at once. Try again.',
  headers: { 'retry-after': '1' },
})

/**
 * Budgets of failed logins: for each user at one address, and for each address. Over all addresses a user has none that could
 * run out, so no stranger locks anybody out of an address where they signed in within 30 days: there attempts do not even wait.
 * Elsewhere they wait, longer with each failure, `delay.most` seconds at most; where more wait than may, those whose network failed or
 * was refused most give way, a few a second that never failed go on, and the others are refused. Throws a TypeError for wrong options.
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
      await settle([() => giveBack(store, key, budget.window)])
      // Used up by failures, or only by logins of which nobody knows yet: those may all be right.
      return usedBefore(count) - others >= budget.limit ? refusal(budget, count.endsIn) : BUSY
    } catch (down) {
      ended()
      throw down
    }
  }

  /** Whether one that never failed goes on though all places are taken: a few of one user do each second, over all processes. */
  async function isOneOfFew(user: string): Promise<boolean> {
    const now = await store.add(keyOf('new', user), 1, 1)
    return now === undefined || now.used <= delay.newcomers
  }

  return Object.freeze({
    async begin(username: string, request: RequestView) {
      const [user, address] = [canonical(username), addressOf(request, prefix)]
      const network = addressOf(request, Math.min(NETWORK, prefix))
      const [ofUser, home] = [keyOf('user', user), keyOf('home', user, address)]
      const [pairKey, knocks] = [keyOf('pair', user, address), keyOf('knocks', user, network)]
      const taken: (Taken & Held)[] = []
      const ended = () => {
        for (const one of taken) one.ended()
      }
      /** Ends what is under way, gives back what was taken, and does more. */
      const give = (kept?: string, ...more: readonly Change[]) => {
        ended()
        const back: readonly Change[] = taken
          .filter(({ key }) => key !== kept)
          .map((one) => () => giveBack(store, one.key, one.budget.window))
        return settle([...back, ...more])
      }
      const giveUser = () => giveBack(store, ofUser, pair.window)

      try {
        for (const held of budgetsOf(user, address, network, pairKey)) {
          const one = await take(held.key, held.budget)
          if (!isAuthError(one)) {
            taken.push({ ...held, ...one })
            continue
          }
          // A neighbour in the network of a home uses up nothing of that home.
          if (held.isNetwork && (await store.peek(home))) continue
          await give()
          return one
        }
        const wait = delay.after(usedBefore(await store.add(ofUser, 1, pair.window)))
        if (wait > 0 && !(await store.peek(home))) {
          // Of the wider network too: who has many addresses there is no newcomer at the next.
          const failures = Math.max(...taken.map((one) => (one.isOfUser ? usedBefore(one.count) : 0)))
          const refusedBefore = (await store.peek(knocks))?.used ?? 0
          const goesOn = await room.wait(user, wait, failures + refusedBefore)
          if (!(goesOn ?? (failures === 0 && (await isOneOfFew(user))))) {
            await give(undefined, giveUser, () => store.add(knocks, 1, pair.window))
            return waiting(wait)
          }
        }
      } catch (down) {
        ended()
        throw down
      }
      return {
        succeeded: () =>
          give(
            pairKey,
            () => store.delete(pairKey),
            giveUser,
            () => store.add(home, 1, REMEMBERED),
          ),
        failed: async () => ended(),
        undone: () => give(undefined, giveUser),
      }
    },
  })

  /** What is taken from, in turn: addresses first, since one that is used up costs the store a row, whomever it names. */
  function budgetsOf(user: string, address: string, network: string, pairKey: string): readonly Held[] {
    const all: readonly Held[] = [
      { key: keyOf('address', network), budget: ofNetwork(perAddress), isNetwork: true, isOfUser: false },
      { key: keyOf('address', address), budget: perAddress, isNetwork: false, isOfUser: false },
      { key: keyOf('pair', user, network), budget: ofNetwork(pair), isNetwork: true, isOfUser: true },
      { key: pairKey, budget: pair, isNetwork: false, isOfUser: true },
    ]
    return network === address ? all.filter(({ isNetwork }) => !isNetwork) : all
  }
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

/** A store that went down meanwhile costs the caller a part of the budget, not the login: it may throw at once, too. */
async function settle(changes: readonly Change[]): Promise<void> {
  await Promise.allSettled(changes.map(async (change) => change()))
}
