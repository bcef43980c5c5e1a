import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto'
import { type AuthError, authError } from '@countersign/http'

/** Nonces that nobody has to remember: a time, and a keyed hash of it. */
export interface Nonces {
  /** For the next request: `DPoP-Nonce`. */
  current(): string
  isGood(nonce: unknown): boolean
  /** 401 `use_dpop_nonce` with the nonce to use (RFC 9449 section 9). */
  demand(): AuthError
}

/** Milliseconds after which a new nonce is given out; the one before is good for as long again. */
const TURN = 300_000

export function nonces(secret: Uint8Array, clock: () => number): Nonces {
  if (!(secret instanceof Uint8Array) || secret.length < 32)
    throw new TypeError('dpop(): nonce must be at least 32 random bytes that all processes share')
  const key = createSecretKey(secret)
  const turnNow = () => Math.floor(clock() / TURN)
  let made: { readonly turn: number; readonly nonce: string; readonly error: AuthError } | undefined

  function nonceOf(turn: number): string {
    return createHmac('sha256', key).update(`countersign dpop nonce ${turn}`).digest('base64url').slice(0, 32)
  }

  function latest() {
    const turn = turnNow()
    if (made?.turn === turn) return made
    const nonce = nonceOf(turn)
    const headers = { 'dpop-nonce': nonce }
    made = { turn, nonce, error: authError('use_dpop_nonce', 'dpop.nonce', { headers, expected: 'a nonce of ours' }) }
    return made
  }

  return {
    current: () => latest().nonce,
    demand: () => latest().error,
    isGood(nonce) {
      if (typeof nonce !== 'string') return false
      const given = Buffer.from(nonce)
      const turn = turnNow()
      // Both are looked at, whichever it is.
      const fitting = [latest().nonce, nonceOf(turn - 1)].filter((one) => {
        const own = Buffer.from(one)
        return own.length === given.length && timingSafeEqual(own, given)
      })
      return fitting.length > 0
    },
  }
}
