import { channel } from 'node:diagnostics_channel'
import {
  type AuthError,
  authError,
  type Code,
  errorName,
  isAuthError,
  type Maybe,
  type Principal,
  problem,
  Refused,
  type RequestFacts,
  type RequestView,
  requestFacts,
} from '@countersign/http'
import { hashArgon2, hashOfNobody } from './argon2.ts'
import { parseHash } from './formats.ts'
import { DEFAULT_LIMITS, type HashingLimits, hashing } from './hashing-queue.ts'
import { type LimitedLogin, type LoginLimits, limitedLogin } from './limited-login.ts'
import { checkLoginOptions } from './login-options.ts'
import { isHashable, matches, needsRehash } from './password.ts'
import type { StoredHash } from './stored-hash.ts'
import { type CacheOptions, type VerifiedCache, verifiedCache } from './verified-cache.ts'

/** What `find` returns: the principal, and the hash that stands between it and the caller. */
export interface StoredUser extends Principal {
  /**
   * As `hashPassword` or an older system made it. No password is right for one that is empty, starts with `!` or `*`, or
   * cannot be read. Where a column may be null: `passwordHash: row.hash ?? ''`; a null that comes all the same counts as empty.
   */
  readonly passwordHash: string
}

/** The user as handlers see it: frozen, without the hash. */
export type KnownUser<U extends StoredUser> = Readonly<Omit<U, 'passwordHash'>>

export interface PasswordCredential {
  readonly username: string
  readonly password: string
}

export interface PasswordLoginOptions<U extends StoredUser> {
  /** The user of that name, or undefined or null. Asked on every call, also when the password is remembered. */
  readonly find: (username: string) => Maybe<U | null | undefined>
  /**
   * Stores a new hash after a successful login on an older one. Replace only the hash that `user.passwordHash` holds
   * (`… WHERE id = $1 AND password = $2`), so that a password changed meanwhile stays changed.
   */
  readonly upgrade?: (user: U, newHash: string) => Maybe<unknown>
  /** For `require`: the realm of the `Bearer` challenge that its 401 carries (RFC 9110 section 15.5.2). `api`. */
  readonly realm?: string
  /** Hashes at once, counted over the whole process: the cores, 2 at least and 3 at most. */
  readonly concurrency?: number
  /** Hashes that may wait: 32. Beyond it, `Unavailable` (503) at once. */
  readonly queue?: number
  /** For `verify` only: successes count for 60 seconds, 1000 of them are held. `false`: every call hashes. */
  readonly cache?: CacheOptions | false
  /**
   * Bounds failed logins: `loginLimits()` of `@countersign/rate-limits`, or your own. `verify` and `require` then need the
   * request, and refuse with `too_many_requests` (429). None.
   */
  readonly limits?: LoginLimits
  /** Epoch milliseconds: `Date.now`. */
  readonly clock?: () => number
}

export interface PasswordLogin<U extends StoredUser> {
  /** With `limits`: `too_many_requests`, for documents. */
  readonly refuses?: readonly Code[]
  /**
   * The user, frozen and without the hash, or `invalid_credentials` (401), the same for an unknown user and a wrong
   * password. What `basic(users)` calls on every request: a success is remembered, and then the result is synchronous
   * if `find` was. Rejects with `Unavailable` (503) when too many wait to be hashed. With `limits`: `too_many_requests`
   * (429) when the budget of failures is used up; what is remembered takes none of it and never waits.
   */
  verify(
    credential: PasswordCredential,
    request?: RequestView,
    /** `explain` of a policy asks: with `limits`, neither a success nor a failure counts. */
    asking?: { readonly dry: boolean },
  ): Maybe<KnownUser<U> | AuthError>
  /**
   * For a login route. Resolves to the user, frozen and without the hash; always hashes. Rejects with `Refused`:
   * `invalid_credentials` (401) for an unknown user or a wrong password, `invalid_request` (400) for a body without two
   * strings; with `limits`, `too_many_requests` (429); and with `Unavailable` (503) as `verify` does.
   */
  require(body: PasswordCredential, request?: RequestView): Promise<KnownUser<U>>
}

/** Published on `countersign:login`: somebody gave the right password at a login route (`require`). */
export interface LoggedIn extends Partial<RequestFacts> {
  readonly type: 'login'
  readonly at: number
  readonly subject: string
}

/** Published on `countersign:upgrade-failed`. The error itself stays out: a database's may quote the row. */
export interface UpgradeFailed {
  readonly type: 'upgrade_failed'
  readonly at: number
  readonly subject: string
  /** The error's `code` if it has one, else its name. */
  readonly reason: string
}

/** Published on `countersign:unreadable-hash`: this user cannot log in until a new password is set. */
export interface UnreadableHash {
  readonly type: 'unreadable_hash'
  readonly at: number
  readonly subject: string
  /** Of no known format; beyond a cap; of bcrypt, while bcryptjs is not installed. */
  readonly reason: 'format' | 'cost' | 'bcryptjs'
}

const WRONG = authError('invalid_credentials', 'password.wrong')
const MALFORMED = authError('invalid_request', 'password.malformed', {
  detail: 'The body needs a user name and a password, both strings.',
})
const loggedIn = channel('countersign:login')
const upgradeFailed = channel('countersign:upgrade-failed')
const unreadableHash = channel('countersign:unreadable-hash')

/** No password is right for these; they cost what a wrong one costs. Django and shadow(5) mark accounts so. */
const UNUSABLE = /^(?:$|[!*])/

/** Longer names are nobody's. */
const MAX_USERNAME = 1024

/**
 * Verifies user names and passwords: an unknown user costs what a known one costs, hashing is bounded, older hashes
 * are upgraded at login. Throws a TypeError when an option is wrong.
 */
export function passwordLogin<U extends StoredUser>(options: PasswordLoginOptions<U>): PasswordLogin<U> {
  checkLoginOptions(options)
  const { find, upgrade, clock = () => Date.now(), cache = {}, realm = 'api' } = options
  const limits: HashingLimits = {
    concurrency: options.concurrency ?? DEFAULT_LIMITS.concurrency,
    queue: options.queue ?? DEFAULT_LIMITS.queue,
  }
  const recent = cache === false ? undefined : verifiedCache(cache, clock)
  const nobody = hashOfNobody()
  const limited: LimitedLogin<U> | undefined =
    options.limits && limitedLogin({ limits: options.limits, unfit, attempt, remembered })

  /** What is refused before anything is looked up, and takes from no budget: it could be nobody's. */
  function unfit(credential: PasswordCredential): AuthError | undefined {
    const { username, password } = credential ?? {}
    if (typeof username !== 'string' || typeof password !== 'string') return MALFORMED
    return isHashable(password) && isUsername(username) ? undefined : WRONG
  }

  /** The user whose password was right a moment ago, and still is. */
  function remembered(credential: PasswordCredential, known: VerifiedCache): Maybe<KnownUser<U> | undefined> {
    const { username, password } = credential
    if (!known.knows(username, password)) return undefined
    const still = (user: U | null | undefined) =>
      user && known.isRight(username, password, hashOf(user)) ? knownUser(user) : undefined
    const user = find(username)
    return isPending(user) ? Promise.resolve(user).then(still) : still(user)
  }

  function attempt(credential: PasswordCredential, known: VerifiedCache | undefined): Maybe<KnownUser<U> | AuthError> {
    const refused = unfit(credential)
    if (refused) return refused
    const { username, password } = credential
    const user = find(username)
    return isPending(user) ? Promise.resolve(user).then(decide) : decide(user)

    // One path for known and unknown: only the text of the hash differs.
    function decide(user: U | null | undefined): Maybe<KnownUser<U> | AuthError> {
      const hash = hashOf(user)
      const prove = () => isRight(password, hash, user)
      const right = known ? known.remember(username, password, hash, prove) : prove()
      const answer = (yes: boolean) => (yes && user ? knownUser(user) : WRONG)
      return right === true ? answer(true) : right.then(answer)
    }
  }

  function hashOf(user: U | null | undefined): string {
    if (user === undefined || user === null || user.passwordHash === null) return nobody
    if (typeof user !== 'object' || typeof user.subject !== 'string' || typeof user.passwordHash !== 'string') {
      throw new TypeError(
        'passwordLogin: `find` must return undefined or a user with the strings `subject` and `passwordHash`. ' +
          'Rename the columns of the row that it found.',
      )
    }
    for (const list of [user.scopes, user.roles])
      if (list !== undefined && !Array.isArray(list))
        throw new TypeError('passwordLogin: `find` must return `scopes` and `roles` as lists, or leave them out')
    return UNUSABLE.test(user.passwordHash) ? nobody : user.passwordHash
  }

  async function isRight(password: string, hash: string, user: U | null | undefined): Promise<boolean> {
    let stored = await read(hash, user)
    if (stored.takes?.(password) === false) stored = parseHash(nobody)
    let newHash: Promise<string> | undefined
    const right = await hashing(async () => {
      if (!(await matches(password, stored))) return false
      // Within the same turn: an upgrade never waits in the queue, and never finds it full.
      if (upgrade && needsRehash(hash)) await (newHash = hashArgon2(password)).catch(() => {})
      return true
    }, limits)
    if (newHash && upgrade) await store(newHash, user as U)
    return right
  }

  /** A hash that cannot be read is a wrong password: an error would tell that the user exists. */
  async function read(hash: string, user: U | null | undefined): Promise<StoredHash> {
    try {
      const stored = parseHash(hash)
      await stored.load?.()
      return stored
    } catch (error) {
      const reason = error instanceof TypeError ? 'format' : error instanceof RangeError ? 'cost' : 'bcryptjs'
      const event: UnreadableHash = { type: 'unreadable_hash', at: clock(), subject: (user as U).subject, reason }
      unreadableHash.publish(Object.freeze(event))
      return parseHash(nobody)
    }
  }

  async function store(newHash: Promise<string>, user: U): Promise<void> {
    try {
      await upgrade?.(user, await newHash)
    } catch (error) {
      const event: UpgradeFailed = {
        type: 'upgrade_failed',
        at: clock(),
        subject: user.subject,
        reason: errorName(error),
      }
      upgradeFailed.publish(Object.freeze(event))
    }
  }

  return {
    ...(limited && { refuses: ['too_many_requests'] as const }),
    verify: (credential, request, asking) =>
      limited ? limited.verify(credential, request, recent, asking?.dry) : attempt(credential, recent),
    require: async (body, request) => {
      const result = await (limited ? limited.require(body, request) : attempt(body, undefined))
      if (isAuthError(result)) throw new Refused(problem(result, result === WRONG ? [`Bearer realm="${realm}"`] : []))
      if (loggedIn.hasSubscribers) loggedIn.publish(loginOf(result.subject, request, clock()))
      return result
    },
  }
}

function loginOf(subject: string, request: RequestView | undefined, at: number): LoggedIn {
  return Object.freeze({ type: 'login', at, subject, ...(request && requestFacts(request)) })
}

/** Also the thenable of a query builder. */
function isPending<T extends object>(value: Maybe<T | null | undefined>): value is Promise<T | null | undefined> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}

/** No NUL and no lone surrogate, which databases answer with an error of their own. */
function isUsername(username: string): boolean {
  return username.length <= MAX_USERNAME && !username.includes('\0') && username.isWellFormed()
}

/** A frozen copy: what `find` returned stays as it was, and a handler cannot grant itself a scope. */
function knownUser<U extends StoredUser>(user: U): KnownUser<U> {
  const { passwordHash: _, ...known } = user
  if (user.scopes) Object.assign(known, { scopes: Object.freeze([...user.scopes]) })
  if (user.roles) Object.assign(known, { roles: Object.freeze([...user.roles]) })
  return Object.freeze(known)
}
