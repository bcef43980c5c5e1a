export { type SignInOptions, signIn } from './sign-in.ts'
export { type TestClock, testClock } from './test-clock.ts'
export {
  type ListeningIssuer,
  type TestIssuer,
  type TestIssuerOptions,
  type TokenRequest,
  testIssuer,
} from './test-issuer.ts'
