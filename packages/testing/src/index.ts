export type { Attack, AttackMethod, AttackRequest, AttackSender, Control, Severity } from './attack.ts'
export { type AttackerKeys, serveAttackerKeys } from './attacker.ts'
export { type AttackOptions, attacksOn } from './attacks.ts'
export type { Battery, LeftOut, LeftOutReason } from './battery.ts'
export { selfSigned } from './certificate.ts'
export type { AttackAnswer, Fault } from './fault.ts'
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
