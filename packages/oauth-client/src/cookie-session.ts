import { createHash } from 'node:crypto'
import { checkOptions } from '@countersign/http'
import { sealOf, secretsOption } from './seal.ts'
import {
  type Found,
  isDue,
  isOver,
  type Renew,
  type SessionKind,
  type Sessions,
  type SessionTimes,
  type SignIn,
  shouldTouch,
  timesOf,
} from './session.ts'
import { COOKIE_LIMIT } from './set-cookie.ts'

export interface CookieSessionOptions extends SessionTimes {
  /** 32 random bytes that all processes share, or a list with the newest first: it encrypts the cookies. */
  readonly secret: Uint8Array | string | readonly (Uint8Array | string)[]
  /** Keeps the access and refresh token in the cookie too, for `tokens(request)`: false. Those of many providers do not fit. */
  readonly tokens?: boolean
}

const MAKER = 'cookieSession'
/** Refreshes that are remembered, and for how many seconds: a request that was under way brings the cookie of before. */
const REMEMBERED = 1000
const REMEMBER = 60
/** Left for the cookie's name. */
const ROOM = COOKIE_LIMIT - 64

/**
 * Sessions in an encrypted cookie (AES-256-GCM): nothing is kept here. So a session that was signed out is over in that browser
 * alone, and whoever copied the cookie has it until `idle` or `lifetime` ends it: where that matters, `storeSession`. Throws a
 * TypeError for wrong options.
 */
export function cookieSession(options: CookieSessionOptions): SessionKind {
  checkOptions(MAKER, options, ['secret', 'tokens', 'lifetime', 'idle'])
  const secrets = secretsOption(MAKER, options?.secret)
  const times = timesOf(MAKER, options)
  const { tokens: keepsTokens = false } = options
  if (typeof keepsTokens !== 'boolean') throw new TypeError(`${MAKER}: tokens must be true or false`)

  function open({ client, now }: Parameters<SessionKind['open']>[0]): Sessions {
    const seal = sealOf(secrets, `session of ${client}`)
    const renewed = new Map<string, { readonly until: number; readonly found: Promise<Found | undefined> }>()

    function close(signIn: SignIn): string {
      const value = seal.close('cookie', signIn)
      if (value.length > ROOM)
        throw new Error(
          `${MAKER}: the session would have ${value.length} bytes, and browsers drop cookies of over ${COOKIE_LIMIT}: ${keepsTokens ? 'leave the tokens out, or ' : ''}use storeSession()`,
        )
      return value
    }

    function read(value: string): SignIn | undefined {
      const signIn = seal.open('cookie', value) as SignIn | undefined
      return signIn && !isOver(signIn, times, now()) ? signIn : undefined
    }

    /** What became of a refresh token, where it was used here a moment ago. */
    function remembered(refresh: string): Promise<Found | undefined> | undefined {
      const entry = renewed.get(nameOf(refresh))
      return entry && now() < entry.until ? entry.found : undefined
    }

    function remember(refresh: string, found: Promise<Found | undefined>): void {
      for (const [name, { until }] of renewed) if (now() >= until || renewed.size >= REMEMBERED) renewed.delete(name)
      const name = nameOf(refresh)
      renewed.set(name, { until: now() + REMEMBER, found })
      // A provider that was down is asked again.
      found.catch(() => renewed.delete(name))
    }

    return {
      seal: sealOf(secrets, `login of ${client}`),
      lifetime: times.lifetime,
      keepsTokens,
      begin: (signIn) => close(signIn),
      find(value) {
        const signIn = read(value)
        if (!signIn || !shouldTouch(signIn, times, now())) return signIn && { signIn }
        const touched = { ...signIn, used: now() }
        return { signIn: touched, value: close(touched) }
      },
      async renew(value, renew: Renew) {
        const signIn = read(value)
        const { tokens } = signIn ?? {}
        if (!signIn || !tokens?.refresh || !isDue(tokens, now())) return signIn && { signIn }
        const known = remembered(tokens.refresh)
        if (known) return known
        const found = renew({ ...signIn, used: now() }).then((next) => next && { signIn: next, value: close(next) })
        remember(tokens.refresh, found)
        return found
      },
      end() {},
    }
  }
  return Object.freeze({ kind: 'cookie', open })
}

function nameOf(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url')
}
