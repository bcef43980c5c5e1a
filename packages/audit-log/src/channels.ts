import type { Kind, Told } from './event.ts'
import type { EventName, Level } from './vocabulary.ts'

/** One row of the table in docs/audit-log.md. */
export interface Mapping {
  readonly channel: string
  /** In words, where a channel has several rows. */
  readonly when: string
  readonly event: EventName
  /** Another level than the vocabulary's. */
  readonly level?: Level
  readonly decision?: 'allowed' | 'refused'
  is?(told: Told): boolean
}

/** A credential that was good once. */
const OVER: readonly unknown[] = ['token.revoked', 'api-key.revoked']

/** Which event stands for what a package publishes: of a channel's rows the first that fits. */
export const MAPPINGS: readonly Mapping[] = [
  {
    channel: 'countersign:authenticated',
    when: 'a policy let a credential pass',
    event: 'authz_allowed',
    decision: 'allowed',
  },
  {
    channel: 'countersign:login',
    when: 'somebody gave the right password at a login',
    event: 'authn_login_success',
    decision: 'allowed',
  },
  {
    channel: 'countersign:unauthenticated',
    when: 'a token or key that was revoked came again',
    event: 'authn_token_reuse',
    decision: 'refused',
    is: ({ reason }) => OVER.includes(reason),
  },
  {
    channel: 'countersign:unauthenticated',
    when: 'a `Host` that is none of ours',
    event: 'input_validation_fail',
    level: 'INFO',
    decision: 'refused',
    is: ({ reason }) => reason === 'host.unknown',
  },
  {
    channel: 'countersign:unauthenticated',
    when: 'no credential came, or a nonce is asked for: clients begin so',
    event: 'authn_login_fail',
    level: 'INFO',
    decision: 'refused',
    is: ({ code }) => code === 'unauthenticated' || code === 'use_dpop_nonce',
  },
  {
    channel: 'countersign:unauthenticated',
    when: 'a credential, a password or a refresh token was wrong',
    event: 'authn_login_fail',
    decision: 'refused',
  },
  {
    channel: 'countersign:forbidden',
    when: 'over plain HTTP: refused, or sent to HTTPS',
    event: 'authz_fail',
    level: 'INFO',
    decision: 'refused',
    is: ({ reason }) => `${reason}`.startsWith('transport.'),
  },
  {
    channel: 'countersign:forbidden',
    when: 'known, and may not',
    event: 'authz_fail',
    decision: 'refused',
  },
  { channel: 'countersign:limited', when: 'too often', event: 'excess_rate_limit_exceeded', decision: 'refused' },
  {
    channel: 'countersign:unavailable',
    when: 'what judges it is down',
    event: 'sys_unavailable',
    decision: 'refused',
  },
  { channel: 'countersign:revoked', when: 'a token, a session or a key was revoked', event: 'authn_token_revoked' },
  {
    channel: 'countersign:api-key',
    when: 'an API key was made',
    event: 'authn_token_created',
    is: ({ type }) => type === 'api_key_created',
  },
  {
    channel: 'countersign:api-key',
    when: 'an API key was rotated: it has a new text',
    event: 'authn_token_created',
    is: ({ type }) => type === 'api_key_rotated',
  },
  { channel: 'countersign:api-key', when: 'an API key was revoked', event: 'authn_token_revoked' },
  {
    channel: 'countersign:refresh-reuse',
    when: 'a refresh token came a second time',
    event: 'authn_token_reuse',
    decision: 'refused',
  },
  {
    channel: 'countersign:code-reuse',
    when: 'a code or a refresh token of the authorization server came a second time',
    event: 'authn_token_reuse',
    decision: 'refused',
  },
  {
    channel: 'countersign:unchecked-revocation',
    when: '`best-effort` let a request pass while the store is down',
    event: 'authn_revocation_unchecked',
    decision: 'allowed',
  },
  {
    channel: 'countersign:rotation-failed',
    when: 'the next signing key could not be made',
    event: 'sys_key_rotation_fail',
  },
  {
    channel: 'countersign:upgrade-failed',
    when: 'a better hash could not be stored',
    event: 'authn_hash_upgrade_fail',
  },
  { channel: 'countersign:unreadable-hash', when: 'a stored hash cannot be read', event: 'authn_password_unreadable' },
  {
    channel: 'countersign:oauth-issued',
    when: 'the authorization server issued a token',
    event: 'authn_token_created',
    decision: 'allowed',
  },
  {
    channel: 'countersign:oauth-refused',
    when: 'a client could not be told that a session ended',
    event: 'session_notice_fail',
    is: ({ place }) => place === 'back channel',
  },
  {
    channel: 'countersign:oauth-refused',
    when: 'the authorization server refused',
    event: 'authn_login_fail',
    decision: 'refused',
  },
  {
    channel: 'countersign:signed-in',
    when: 'somebody came back from their provider',
    event: 'authn_login_success',
    decision: 'allowed',
  },
  { channel: 'countersign:sign-in-failed', when: 'the sign-in failed', event: 'authn_login_fail', decision: 'refused' },
  { channel: 'countersign:signed-out', when: 'somebody signed out', event: 'session_expired' },
  {
    channel: 'countersign:session-ended',
    when: 'the provider ended a session, or it could not be renewed',
    event: 'session_expired',
  },
  {
    channel: 'countersign:limit-unchecked',
    when: 'limits were not asked, or by each process alone: their store is down',
    event: 'excess_rate_limit_unchecked',
  },
  {
    channel: 'countersign:credential-exposed',
    when: 'a credential came in the clear',
    event: 'authn_credential_exposed',
    decision: 'refused',
  },
  { channel: 'countersign:logout-refused', when: 'a logout token was wrong', event: 'authz_fail', decision: 'refused' },
]

/** The rows by channel. */
export const BY_CHANNEL: ReadonlyMap<string, readonly Mapping[]> = Map.groupBy(MAPPINGS, ({ channel }) => channel)

/** What a message of a channel stands for. */
export function kindOf(rows: readonly Mapping[], told: Told): Kind | undefined {
  const row = rows.find((one) => one.is?.(told) ?? true)
  if (!row) return undefined
  const { event, level, decision, channel } = row
  return { event, source: channel, ...(level && { level }), ...(decision && { decision }) }
}
