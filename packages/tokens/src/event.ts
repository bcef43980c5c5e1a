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
  /** Everything that this subject was given before. */
  readonly subject?: string
  /** Everything that this key signed. */
  readonly key?: string
}

/** A request passed though what is known of revocations was old: mode `best-effort`, while the store does not answer. */
export interface UncheckedRevocation {
  /** Epoch milliseconds. */
  readonly at: number
  readonly issuer: string
  readonly subject: string
  readonly id?: string
}

/** The next signing key is due and could not be made. The one that signs goes on. */
export interface RotationFailed {
  /** Epoch milliseconds. */
  readonly at: number
  readonly issuer: string
  readonly reason: string
}

const rotationFailed = channel('countersign:rotation-failed')
const reuse = channel('countersign:refresh-reuse')
const revoked = channel('countersign:revoked')
const unchecked = channel('countersign:unchecked-revocation')

export function tellReuse(make: () => RefreshReuse): void {
  if (reuse.hasSubscribers) reuse.publish(make())
}

export function tellRevoked(make: () => RevokedEvent): void {
  if (revoked.hasSubscribers) revoked.publish(make())
}

export function tellUnchecked(make: () => UncheckedRevocation): void {
  if (unchecked.hasSubscribers) unchecked.publish(make())
}

export function tellRotationFailed(make: () => RotationFailed): void {
  if (rotationFailed.hasSubscribers) rotationFailed.publish(make())
}
