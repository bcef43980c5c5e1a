import { hash } from 'node:crypto'
import type { Answer } from '@countersign/http'
import { describe, expect, test } from 'vitest'
import {
  accountPage,
  askedLocale,
  consentPage,
  deviceCodePage,
  deviceConfirmPage,
  deviceDonePage,
  errorPage,
  type Locale,
  localeOf,
  signedOutPage,
  signInPage,
  signOutPage,
} from './pages.ts'

const EVIL = `"><script>alert('x')</script>`
const client = { name: EVIL, host: EVIL, policyUri: 'javascript:alert(1)', tosUri: 'https://a.test/?"><b>' }
const csrf = { name: 'xsrf', value: EVIL }

const all = (locale: Locale): Readonly<Record<string, Answer>> => {
  const look = { locale, name: EVIL }
  const form = { look, action: '/oauth/here', csrf }
  return {
    'sign in': signInPage({ ...form, client, username: EVIL, error: 'credentials', cancel: true }),
    consent: consentPage({
      ...form,
      client,
      account: EVIL,
      scopes: [{ scope: EVIL }, { scope: 'constructor' }, { scope: 'openid' }, { scope: 'a', says: EVIL }],
      resources: [EVIL, EVIL],
    }),
    'device code': deviceCodePage({ ...form, userCode: EVIL, error: 'unknown' }),
    'device, confirm': deviceConfirmPage({ ...form, client, userCode: EVIL, device: EVIL }),
    'device, done': deviceDonePage({ look, client }),
    error: errorPage({ look, status: 400, code: 'constructor', says: EVIL }),
    'sign out': signOutPage({ ...form, client, account: EVIL }),
    'signed out': signedOutPage({ look }),
    account: accountPage({
      ...form,
      account: EVIL,
      sessions: [
        { id: EVIL, device: EVIL, client: EVIL, createdAt: 0, lastUsedAt: 1, current: false },
        { id: EVIL, createdAt: 0, lastUsedAt: 1, current: true },
      ],
      apps: [{ id: EVIL, client, scopes: [EVIL, '__proto__'], grantedAt: 0 }],
    }),
  }
}
const textOf = ({ body }: Answer) => new TextDecoder().decode(body)

describe.each(['en', 'ko'] as const)('%s', (locale) => {
  test.each(Object.entries(all(locale)))('%s: nothing that it is given becomes markup', (_name, answer) => {
    const text = textOf(answer)
    expect(text).toContain('&lt;script&gt;')
    expect(text).not.toMatch(/<script|javascript:|alert\('|\[native code]|undefined|\[object/)
    expect(text).toContain(`<html lang="${locale}">`)
    expect(answer.headers['content-language']).toBe(locale)
    expect(answer.headers['content-length']).toBe(`${answer.body.length}`)
  })

  test.each(Object.entries(all(locale)))(
    '%s: one heading, a label for each field, and its form posts here',
    (_name, answer) => {
      const text = textOf(answer)
      expect(text.match(/<h1>/g)).toHaveLength(1)
      for (const [, id] of text.matchAll(/<input id="(\w+)"/g)) expect(text).toContain(`<label for="${id}">`)
      for (const [form] of text.matchAll(/<form[\s\S]*?<\/form>/g)) {
        expect(form).toContain('<form method="post" action="/oauth/here">')
        expect(form).toContain('<input type="hidden" name="xsrf"')
      }
    },
  )
})

test('the policy of a page names the style that is in it, and lets nothing else happen', () => {
  for (const answer of Object.values(all('en'))) {
    const style = /<style>([\s\S]*)<\/style>/.exec(textOf(answer))?.[1] as string
    expect(answer.headers).toMatchObject({
      'content-security-policy': `default-src 'none'; style-src 'sha256-${hash('sha256', style, 'base64')}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'`,
      'x-frame-options': 'DENY',
      'cache-control': 'no-store',
      'referrer-policy': 'same-origin',
      'x-content-type-options': 'nosniff',
    })
  }
})

test.each([
  ['https://app.example/callback?a=b', 'https://app.example'],
  ['http://127.0.0.1:8080/callback', 'http://127.0.0.1:8080'],
  ['http://[::1]:8080/callback', 'http://[::1]:8080'],
  ['com.example.app:/callback', 'com.example.app:'],
  ["https://a.test;script-src'unsafe-inline'/", ''],
  ['nonsense', ''],
])('a form may lead to %s', (redirect, source) => {
  const look = { locale: 'en' } as const
  const form = { look, action: '/a', csrf: 'b', redirects: [redirect, redirect] }
  for (const answer of [
    signInPage({ ...form, client: { name: 'a' }, cancel: false }),
    consentPage({ ...form, client: { name: 'a' }, account: 'b', scopes: [], resources: [] }),
    signOutPage(form),
  ])
    expect(/form-action ([^;]*);/.exec(`${answer.headers['content-security-policy']}`)?.[1]).toBe(
      `'self' ${source}`.trim(),
    )
})

test('what is not there leaves no trace', () => {
  const look = { locale: 'en' } as const
  const text = textOf(
    consentPage({ look, action: '/a', csrf: 'b', client: { name: 'c' }, account: 'd', scopes: [], resources: [] }),
  )
  expect(text).not.toMatch(/<a |undefined|false/)
  expect(textOf(signInPage({ look, action: '/a', csrf: 'b', client: { name: 'c' }, cancel: false }))).not.toMatch(
    /role="alert"|aria-invalid|name="cancel"/,
  )
})

test.each([
  [undefined, undefined],
  ['', undefined],
  ['de', undefined],
  ['de-AT ko-KR en', 'ko'],
  ['EN-gb ko', 'en'],
  ['kok enm', undefined],
  [['ko'], undefined],
])('ui_locales: %s is read as %s', (list, locale) => expect(askedLocale(list)).toBe(locale))

test.each([
  [undefined, 'en'],
  ['ko', 'ko'],
  ['ko-KR,ko;q=0.9,en-US;q=0.8,en;q=0.7', 'ko'],
  ['en-GB,ko;q=0.9', 'en'],
  ['en;q=0.5,ko;q=0.9', 'ko'],
  ['de,ko;q=0.3', 'ko'],
  ['de', 'en'],
  ['ko;q=0,en;q=0.1', 'en'],
  ['ko;q=x', 'en'],
  ['kok', 'en'],
  ['*, ko;q=0.5', 'en'],
])('Accept-Language: %s is read as %s', (header, locale) => expect(localeOf(header)).toBe(locale))
