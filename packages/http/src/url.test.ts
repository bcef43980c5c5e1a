import { expect, test } from 'vitest'
import { isLoopback, isSafeUrl } from './index.ts'

test.each([
  ['http://localhost:3000/a', true],
  ['http://LOCALHOST', true],
  ['http://127.0.0.1', true],
  ['http://127.255.255.254:1', true],
  ['http://0x7f.1', true], // the URL standard reads it as 127.0.0.1
  ['https://[::1]:443', true],
  ['http://[0:0:0:0:0:0:0:1]', true],
  ['http://localhost.evil.test', false],
  ['http://127.0.0.1.evil.test', false],
  ['http://evil.test/127.0.0.1', false],
  ['http://localhost@evil.test', false],
  ['http://[::ffff:127.0.0.1]', false],
  ['http://0.0.0.0', false],
  ['http://10.0.0.1', false],
  ['localhost', false],
])('%s names this machine: %s', (url, is) => expect(isLoopback(url)).toBe(is))

test.each<[unknown, boolean, boolean]>([
  ['https://issuer.test/a', true, true],
  ['http://127.0.0.1:3000', true, false],
  ['http://issuer.test', false, false],
  ['https://a:b@issuer.test', false, false],
  ['https://a@issuer.test', false, false],
  ['ftp://127.0.0.1', false, false],
  ['issuer.test', false, false],
  ['', false, false],
  [undefined, false, false],
  [new URL('https://issuer.test'), false, false],
])('%s is safe: %s; without the loopback: %s', (url, safe, strict) => {
  expect([isSafeUrl(url), isSafeUrl(url, false)]).toEqual([safe, strict])
})
