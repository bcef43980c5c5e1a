import { channel } from 'node:diagnostics_channel'
import { debuglog } from 'node:util'

/** Tokens were issued. No secret in it. */
export interface OAuthIssued {
  /** Epoch milliseconds. */
  readonly at: number
  readonly issuer: string
  readonly client: string
  readonly grant: string
  /** Left out where a client speaks for itself. */
  readonly subject?: string
  readonly scopes: readonly string[]
  /** `jti` of the access token. */
  readonly id?: string
  /** `sid` of the access token: the grant. */
  readonly session?: string
}

/** A request was refused; or, with `place` `back channel`, a client could not be told that a session ended. */
export interface OAuthRefused {
  /** Epoch milliseconds. */
  readonly at: number
  readonly issuer: string
  /** As it named itself, where it is known here. */
  readonly client?: string
  /** Path below `/oauth`. */
  readonly place: string
  /** As the RFC names it. */
  readonly error: string
  /** For the developer. */
  readonly detail?: string
}

/** A code or a refresh token came a second time: someone else has it. Its grant is over. */
export interface CodeReuse {
  /** Epoch milliseconds. */
  readonly at: number
  readonly issuer: string
  readonly client: string
  readonly subject?: string
  readonly session?: string
  readonly what: string
}

const debug = debuglog('countersign')
/** Anybody's words: nothing of them may move a terminal. */
const shown = (text: string) => JSON.stringify(text.slice(0, 200)).replace(/[^\x20-\x7e]/g, '?')

const issued = channel('countersign:oauth-issued')
const refused = channel('countersign:oauth-refused')
const reuse = channel('countersign:code-reuse')

export function tellIssued(make: () => OAuthIssued): void {
  if (issued.hasSubscribers) issued.publish(make())
}

export function tellRefused(make: () => OAuthRefused): void {
  if (debug.enabled) {
    const { place, client = '-', error, detail = '' } = make()
    debug('oauth %s refused client=%s %s %s', place, shown(client), error, shown(detail))
  }
  if (refused.hasSubscribers) refused.publish(make())
}

export function tellReuse(make: () => CodeReuse): void {
  if (reuse.hasSubscribers) reuse.publish(make())
}
