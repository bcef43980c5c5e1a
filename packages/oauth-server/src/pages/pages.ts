export { type AccountPage, accountPage } from './account.ts'
export { type ConsentPage, consentPage } from './consent.ts'
export {
  type DeviceCodePage,
  type DeviceConfirmPage,
  deviceCodePage,
  deviceConfirmPage,
  deviceDonePage,
} from './device.ts'
export { type ErrorPage, errorPage } from './error.ts'
export type { ClientView, Csrf, Look } from './page.ts'
export { type SignInPage, signInPage } from './sign-in.ts'
export { type SignOutPage, signedOutPage, signOutPage } from './sign-out.ts'
export { askedLocale, type Locale, localeOf } from './words.ts'
