export type Level = 'INFO' | 'WARN' | 'CRITICAL'

/** The events of OWASP's Application Logging Vocabulary, each with the level that it has there. */
export const VOCABULARY = Object.freeze({
  authn_login_success: 'INFO',
  authn_login_successafterfail: 'INFO',
  authn_login_fail: 'WARN',
  authn_login_fail_max: 'WARN',
  authn_login_lock: 'WARN',
  authn_password_change: 'INFO',
  authn_password_change_fail: 'CRITICAL',
  authn_impossible_travel: 'CRITICAL',
  authn_token_created: 'INFO',
  authn_token_revoked: 'INFO',
  authn_token_reuse: 'CRITICAL',
  authn_token_delete: 'WARN',
  authz_fail: 'CRITICAL',
  authz_change: 'WARN',
  authz_admin: 'WARN',
  crypt_decrypt_fail: 'WARN',
  crypt_encrypt_fail: 'WARN',
  excess_rate_limit_exceeded: 'WARN',
  upload_complete: 'INFO',
  upload_stored: 'INFO',
  upload_validation: 'INFO',
  upload_delete: 'INFO',
  input_validation_fail: 'WARN',
  input_validation_discrete_fail: 'WARN',
  malicious_excess_404: 'WARN',
  malicious_extraneous: 'CRITICAL',
  malicious_attack_tool: 'CRITICAL',
  malicious_cors: 'CRITICAL',
  malicious_direct_reference: 'CRITICAL',
  privilege_permissions_changed: 'WARN',
  sensitive_create: 'WARN',
  sensitive_read: 'WARN',
  sensitive_update: 'WARN',
  sensitive_delete: 'WARN',
  sequence_fail: 'CRITICAL',
  session_created: 'INFO',
  session_renewed: 'INFO',
  session_expired: 'INFO',
  session_use_after_expire: 'CRITICAL',
  sys_startup: 'WARN',
  sys_shutdown: 'WARN',
  sys_restart: 'WARN',
  sys_crash: 'WARN',
  sys_monitor_disabled: 'WARN',
  sys_monitor_enabled: 'WARN',
  user_created: 'WARN',
  user_updated: 'WARN',
  user_archived: 'WARN',
  user_deleted: 'WARN',
} as const satisfies Readonly<Record<string, Level>>)

/** What the vocabulary has no word for. */
export const BEYOND = Object.freeze({
  authz_allowed: 'INFO',
  authn_credential_exposed: 'CRITICAL',
  authn_revocation_unchecked: 'WARN',
  authn_password_unreadable: 'WARN',
  authn_hash_upgrade_fail: 'WARN',
  excess_rate_limit_unchecked: 'WARN',
  session_notice_fail: 'WARN',
  sys_key_rotation_fail: 'CRITICAL',
  sys_unavailable: 'WARN',
} as const satisfies Readonly<Record<string, Level>>)

export type EventName = keyof typeof VOCABULARY | keyof typeof BEYOND

const LEVELS: Readonly<Record<string, Level>> = { ...VOCABULARY, ...BEYOND }

/** The level that goes with an event; `INFO` for one of the application's own making. */
export function levelOf(event: string): Level {
  return Object.hasOwn(LEVELS, event) ? (LEVELS[event] as Level) : 'INFO'
}
