import { channel } from 'node:diagnostics_channel'
import { debuglog } from 'node:util'
import type { AuthError } from '@countersign/http'

/** Somebody signed in, a sign-in failed, or a session ended. Names only: no token, no code, no cookie. */
export interface SignInEvent {
  readonly type: 'signed_in' | 'sign_in_failed' | 'signed_out' | 'session_ended' | 'logout_refused'
  /** Epoch milliseconds. */
  readonly at: number
  readonly client: string
  readonly subject?: string
  /** Public id of the session. */
  readonly session?: string
  readonly code?: string
  /** Private and stable: `login.response`. */
  readonly reason?: string
  /** What the configuration has wrong, in the words of the error that was thrown. */
  readonly fault?: string
}

const CHANNELS = {
  signed_in: channel('countersign:signed-in'),
  sign_in_failed: channel('countersign:sign-in-failed'),
  signed_out: channel('countersign:signed-out'),
  session_ended: channel('countersign:session-ended'),
  logout_refused: channel('countersign:logout-refused'),
} as const
const debug = debuglog('countersign')

/** Tells of it, on a channel of its own; a failure also to the developer, under NODE_DEBUG. Free when nobody listens. */
export function tell(
  type: SignInEvent['type'],
  { error, ...names }: Pick<SignInEvent, 'client' | 'subject' | 'session' | 'fault'> & { readonly error?: AuthError },
): void {
  if (error && debug.enabled) debug('%s', `${type} client=${names.client} ${lineOf(error)}`)
  if (names.fault !== undefined && debug.enabled) debug('%s', `${type} client=${names.client} ${names.fault}`)
  if (!CHANNELS[type].hasSubscribers) return
  const event: SignInEvent = {
    type,
    at: Date.now(),
    ...names,
    ...(error && { code: error.code, reason: error.reason }),
  }
  CHANNELS[type].publish(Object.freeze(event))
}

function lineOf({ reason, expected, got }: AuthError): string {
  return `${reason}${expected === undefined ? '' : ` expected=${expected}`}${got === undefined ? '' : ` got=${got}`}`
}
