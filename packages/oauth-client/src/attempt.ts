import { createHash } from 'node:crypto'
import { readCookie } from '@countersign/credentials'
import { headerLines, messageOf, type RequestView } from '@countersign/http'
import type { Seal } from './seal.ts'
import { setCookie } from './set-cookie.ts'

/** What is known of a sign-in under way: in a cookie of the browser that began it, sealed. */
export interface Attempt {
  readonly state: string
  readonly nonce: string
  readonly verifier: string
  readonly returnTo: string
  /** Epoch seconds. */
  readonly at: number
}

const COOKIE = '__Host-login-'
/** Seconds that a sign-in may take. */
export const ATTEMPT_TIME = 600
/** Sign-ins that one browser may have under way: tabs. The oldest goes. */
const ATTEMPTS = 5

/** Name of the cookie of a sign-in: one each, so that tabs do not disturb each other. */
export function attemptName(state: string): string {
  return `${COOKIE}${createHash('sha256').update(state).digest('base64url').slice(0, 22)}`
}

/** Cookies of sign-ins under way. Only the browser that began one has its cookie. */
export function attemptCookies(seal: Seal, now: () => number) {
  const open = (name: string, value: string) => seal.open(name, value) as Attempt | undefined

  function cookieFor(attempt: Attempt): string {
    const name = attemptName(attempt.state)
    return setCookie(name, seal.close(name, attempt), ATTEMPT_TIME)
  }

  /** Takes away what cannot be read or is over, and the oldest beyond what may be under way. */
  function surplus(request: RequestView): readonly string[] {
    const found = loginCookies(request).map(({ name, value }) => ({ name, at: open(name, value)?.at ?? 0 }))
    const live = found.filter(({ at }) => now() < at + ATTEMPT_TIME).sort((a, b) => b.at - a.at)
    const kept = new Set(live.slice(0, ATTEMPTS - 1).map(({ name }) => name))
    const gone = new Set(found.map(({ name }) => name).filter((name) => !kept.has(name)))
    return [...gone].slice(0, 20).map((name) => setCookie(name, '', 0))
  }

  return { open, cookieFor, surplus }
}

function loginCookies(request: RequestView): readonly { readonly name: string; readonly value: string }[] {
  const names = headerLines(messageOf(request), 'cookie')
    .flatMap((line) => line.split(';'))
    .map((pair) => pair.split('=', 1)[0]?.replace(/^[ \t]+|[ \t]+$/g, '') ?? '')
    .filter((name) => /^__Host-login-[A-Za-z0-9_-]{22}$/.test(name))
  return [...new Set(names)].map((name) => {
    const value = readCookie(request, name)
    return { name, value: typeof value === 'string' ? value : '' }
  })
}
