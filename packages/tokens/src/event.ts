import { channel } from 'node:diagnostics_channel'

/** A refresh token was used again after its time: someone else has it. The session is over. */
export interface RefreshReuse {
  /** Epoch milliseconds. */
  readonly at: number
  readonly issuer: string
  readonly subject: string
  readonly session: string
  readonly client: string
}

/** A token or a session was revoked. */
export interface RevokedEvent {
  /** Epoch milliseconds. */
  readonly at: number
  readonly issuer: string
  readonly id?: string
  readonly session?: string
}

const reuse = channel('countersign:refresh-reuse')
const revoked = channel('countersign:revoked')

export function tellReuse(make: () => RefreshReuse): void {
  if (reuse.hasSubscribers) reuse.publish(make())
}

export function tellRevoked(make: () => RevokedEvent): void {
  if (revoked.hasSubscribers) revoked.publish(make())
}
