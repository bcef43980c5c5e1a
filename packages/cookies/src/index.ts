export {
  type BrowserCookies,
  type BrowserCookiesOptions,
  browserCookies,
  type CookieTokens,
} from './browser-cookies.ts'
