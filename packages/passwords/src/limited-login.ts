import { hash, randomBytes } from 'node:crypto'
import { type AuthError, isAuthError, type Maybe, messageOf, type RequestView } from '@countersign/http'
import type { KnownUser, PasswordCredential, StoredUser } from './login.ts'
import type { VerifiedCache } from './verified-cache.ts'

/** What bounds failed logins. `loginLimits()` of `@countersign/rate-limits` makes one. */
export interface LoginLimits {
  /**
   * Asked before the user is looked up and before anything is hashed; may take its time. An error refuses; let it be the same
   * whether there is such a user or not. Otherwise the attempt counts as failed until the attempt says more.
   */
  begin(username: string, request: RequestView): Maybe<LoginAttempt | AuthError>
}

/** None may reject; one of them is called, once. */
export interface LoginAttempt {
  /** The password was right. */
  succeeded(): Maybe<unknown>
  /** It was wrong. */
  failed(): Maybe<unknown>
  /** Nothing was found out: the database was down, or too many waited to be hashed. */
  undone(): Maybe<unknown>
}

type Result<U extends StoredUser> = KnownUser<U> | AuthError

export interface LimitedLogin<U extends StoredUser> {
  verify(
    credential: PasswordCredential,
    request: RequestView | undefined,
    known: VerifiedCache | undefined,
    dry?: boolean,
  ): Maybe<Result<U>>
  require(credential: PasswordCredential, request: RequestView | undefined): Promise<Result<U>>
}

interface Parts<U extends StoredUser> {
  readonly limits: LoginLimits
  readonly unfit: (credential: PasswordCredential) => AuthError | undefined
  readonly remembered: (credential: PasswordCredential, known: VerifiedCache) => Maybe<KnownUser<U> | undefined>
  readonly attempt: (credential: PasswordCredential, known: VerifiedCache | undefined) => Maybe<Result<U>>
}

/** A login whose failures have a budget. */
export function limitedLogin<U extends StoredUser>({ limits, unfit, remembered, attempt }: Parts<U>): LimitedLogin<U> {
  const secret = randomBytes(32).toString('base64url')
  const underWay = new Map<string, Promise<Result<U>>>()

  async function judged(
    credential: PasswordCredential,
    request: RequestView,
    known: VerifiedCache | undefined,
    dry = false,
  ): Promise<Result<U>> {
    const begun = await limits.begin(credential.username, request)
    if (isAuthError(begun)) return begun
    let result: Result<U>
    try {
      result = await attempt(credential, known)
    } catch (error) {
      await begun.undone()
      throw error
    }
    await (dry ? begun.undone() : isAuthError(result) ? begun.failed() : begun.succeeded())
    return result
  }

  /** The same credential from the same peer many times at once is one guess: it is judged and counted once. */
  function once(credential: PasswordCredential, request: RequestView, known: VerifiedCache): Promise<Result<U>> {
    const parts = [secret, credential.username, credential.password, peerOf(request)]
    const key = hash('sha256', JSON.stringify(parts), 'base64url')
    const pending = underWay.get(key) ?? judged(credential, request, known).finally(() => underWay.delete(key))
    underWay.set(key, pending)
    return pending
  }

  return {
    verify(credential, given, known, dry) {
      const request = needed(given, 'verify(credential, request)')
      const refused = unfit(credential)
      if (refused) return refused
      if (!known) return judged(credential, request, known, dry)
      // What was right from elsewhere counts for nothing here: else a client that asks often would tell a guesser.
      const here = known.at(peerOf(request))
      const judge = (user: KnownUser<U> | undefined) =>
        user ?? (dry ? judged(credential, request, undefined, dry) : once(credential, request, here))
      const user = remembered(credential, here)
      return user instanceof Promise ? user.then(judge) : judge(user)
    },
    async require(credential, given) {
      const request = needed(given, 'require(body, request)')
      return unfit(credential) ?? judged(credential, request, undefined)
    },
  }
}

/** Who is at the other end, by the framework and by the socket. */
function peerOf(request: RequestView): string {
  const { remoteAddress } = messageOf(request).socket as { readonly remoteAddress?: unknown }
  return JSON.stringify([request.ip, remoteAddress])
}

/** Without it nobody knows whose budget it is. */
function needed(request: RequestView | undefined, call: string): RequestView {
  if (typeof request === 'object' && request !== null && ('rawHeaders' in request || 'raw' in request)) return request
  throw new TypeError(`passwordLogin: with \`limits\`, pass the request too: users.${call}`)
}
