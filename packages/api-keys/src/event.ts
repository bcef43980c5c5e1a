import { channel } from 'node:diagnostics_channel'

/** Published on `countersign:api-key`, once the store has it. Never the key. */
export interface ApiKeyEvent {
  readonly type: 'api_key_created' | 'api_key_rotated' | 'api_key_revoked'
  /** Epoch milliseconds. */
  readonly at: number
  readonly subject: string
  /** The public id. */
  readonly id: string
}

const happened = channel('countersign:api-key')

export function publishKey(type: ApiKeyEvent['type'], id: string, subject: string): void {
  if (!happened.hasSubscribers) return
  const event: ApiKeyEvent = { type, at: Date.now(), subject, id }
  happened.publish(Object.freeze(event))
}
