export type { LoginAttempt, LoginLimits } from './limited-login.ts'
export {
  type KnownUser,
  type LoggedIn,
  type PasswordCredential,
  type PasswordLogin,
  type PasswordLoginOptions,
  passwordLogin,
  type StoredUser,
  type UnreadableHash,
  type UpgradeFailed,
} from './login.ts'
export { hashPassword, needsRehash, verifyPassword } from './password.ts'
export type { CacheOptions } from './verified-cache.ts'
