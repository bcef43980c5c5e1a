import type { Maybe } from '@countersign/http'
import type { Seal } from './seal.ts'

/** Tokens for calling APIs. Times are epoch seconds. */
export interface KeptTokens {
  readonly access: string
  readonly at: number
  readonly expiresAt?: number
  readonly scope?: string
  readonly refresh?: string
}

/** What is kept of one sign-in. Nobody but this server can read or write it. Times are epoch seconds. */
export interface SignIn {
  /** Public: in events, never enough to be let in. */
  readonly id: string
  readonly at: number
  /** When it was last used. */
  readonly used: number
  /** Verified when it came; the claims are read from it, and the provider wants to see it at the sign-out. */
  readonly idToken: string
  readonly tokens?: KeptTokens
}

/** A session that was found, and the value that its cookie should have from now on where that is another. */
export interface Found {
  readonly signIn: SignIn
  readonly value?: string
}

/** Fetches new tokens for a sign-in; `undefined` when the provider will not give any more. Throws `Unavailable`. */
export type Renew = (signIn: SignIn) => Promise<SignIn | undefined>

/** Whose sessions a provider ends: one of its own sessions, or all of somebody's until a moment (epoch seconds). */
export interface Ended {
  readonly session?: string
  readonly subject?: string
  readonly at: number
}

/** Where sessions are. */
export interface Sessions {
  /** For cookies of a sign-in that is under way. */
  readonly seal: Seal
  /** Seconds that the browser keeps the cookie. */
  readonly lifetime: number
  readonly keepsTokens: boolean
  /** A new session under a new value; the value of the cookie. `undefined`: the provider has ended it meanwhile. */
  begin(signIn: SignIn): Maybe<string | undefined>
  /** `undefined`: there is no such session, or it is over. */
  find(value: string): Maybe<Found | undefined>
  /**
   * New tokens for a session that needs some, or whose access token is `refused`, fetched once whoever asks. `undefined`: the
   * session is over.
   */
  renew(value: string, renew: Renew, refused?: string): Promise<Found | undefined>
  end(value: string): Maybe<void>
  /** In a store alone: what all processes must know. */
  readonly marks?: {
    /** Ends what the provider ended. */
    endAll(ended: Ended): Promise<void>
    /** True for the first who asks, until then (epoch seconds). */
    once(name: string, until: number): Maybe<boolean>
    isUsed(name: string): Promise<boolean>
  }
}

/** Who asks, and the clock. Sessions of one client are nobody else's, whatever secret or store they share. */
export interface SessionsOf {
  readonly client: string
  /** Epoch seconds. */
  readonly now: () => number
}

/** What the option `session` takes: `cookieSession(…)` or `storeSession(…)`. */
export interface SessionKind {
  readonly kind: 'cookie' | 'store'
  readonly open: (of: SessionsOf) => Sessions
}

/** Seconds that access tokens are renewed ahead of their end; of short ones a quarter of their life. */
const AHEAD = 30

/** True when tokens have run out or will at any moment. Of tokens that do not say when, never. */
export function isDue({ at, expiresAt }: Pick<KeptTokens, 'at' | 'expiresAt'>, now: number): boolean {
  return expiresAt !== undefined && now >= expiresAt - Math.min(AHEAD, Math.max(0, (expiresAt - at) / 4))
}

/** What both kinds take. Seconds. */
export interface SessionTimes {
  /** How long a session lasts, however much it is used: 43,200 (12 hours). */
  readonly lifetime?: number
  /** How long it lasts unused: 7200 (2 hours). */
  readonly idle?: number
}

/** Checks the times of a session. */
export function timesOf(maker: string, { lifetime = 43_200, idle = 7200 }: SessionTimes): Required<SessionTimes> {
  for (const [name, value] of Object.entries({ lifetime, idle }))
    if (!Number.isInteger(value) || value < 60 || value > 34_560_000)
      throw new TypeError(`${maker}: ${name} must be whole seconds, from 60 to 34,560,000 (400 days)`)
  if (idle > lifetime) throw new TypeError(`${maker}: idle must not be more than lifetime`)
  return { lifetime, idle }
}

/** Whether a session is over. A clock that steps back by up to a minute ends none; what is dated later was not made here. */
export function isOver({ at, used }: SignIn, { lifetime, idle }: Required<SessionTimes>, now: number): boolean {
  return now >= at + lifetime || now >= used + idle || at > now + 60
}

/** Whether its use should be written down again: once in a while, or each request would write. */
export function shouldTouch({ used }: SignIn, { idle }: Required<SessionTimes>, now: number): boolean {
  return now - used >= Math.min(60, idle / 4)
}
