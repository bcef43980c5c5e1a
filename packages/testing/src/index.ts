export type { Attack, AttackAnswer, AttackMethod, AttackRequest } from './attack.ts'
export { type AttackOptions, attacksOn } from './attacks.ts'
export type { Battery } from './battery.ts'
export { sendAttack } from './send-attack.ts'
export { type SignInOptions, signIn } from './sign-in.ts'
export { type TestClock, testClock } from './test-clock.ts'
export {
  type ListeningIssuer,
  type TestIssuer,
  type TestIssuerOptions,
  type TokenRequest,
  testIssuer,
} from './test-issuer.ts'
