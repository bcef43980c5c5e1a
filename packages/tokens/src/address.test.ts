import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { mayName, reachFor } from './address.ts'

const open = reachFor('https://issuer.test', false)
const own = reachFor('https://issuer.test', true)
const local = reachFor('http://localhost:3000', false)

describe('what may be reached', () => {
  test.each([
    ['8.8.8.8'],
    ['172.15.255.255'],
    ['172.32.0.1'],
    ['100.128.0.1'],
    ['2606:4700::1111'],
    ['2001:4860:4860::8888'],
    ['::ffff:8.8.8.8'],
    ['64:ff9b::808:808'],
    ['::ffff:0:8.8.8.8'],
    ['2001:200::1'],
    ['3ffe:ffff::1'],
    ['2620:4f:8001::1'],
    ['2002:808:808::1'],
  ])('%s is public', (address) => expect([open, own, local].map((reach) => reach(address))).toEqual([true, true, true]))

  test.each([
    ['10.0.0.1'],
    ['172.16.0.1'],
    ['172.31.255.255'],
    ['192.168.1.1'],
    ['100.64.0.1'],
    ['fd00::1'],
    ['fc00::1'],
    ['::ffff:10.0.0.1'],
    ['::ffff:a00:1'],
    ['0:0:0:0:0:ffff:192.168.0.1'],
    ['64:ff9b::10.0.0.1'],
    ['2002:a00:1::'],
    ['::ffff:0:10.0.0.1'],
  ])('%s is private: only where that is allowed', (address) =>
    expect([open, own, local].map((reach) => reach(address))).toEqual([false, true, false]),
  )

  test.each([
    ['127.0.0.1'],
    ['127.255.255.254'],
    ['::1'],
    ['::ffff:127.0.0.1'],
    ['::ffff:7f00:1'],
    ['0:0:0:0:0:0:0:1'],
    ['::ffff:0:127.0.0.1'],
    ['::ffff:0:7f00:1'],
  ])('%s is the loopback: where it is allowed, or where the operator named it', (address) =>
    expect([open, own, local].map((reach) => reach(address))).toEqual([false, true, true]),
  )

  test.each([
    ['0.0.0.0'],
    ['0.1.2.3'],
    ['169.254.169.254'],
    ['::ffff:169.254.169.254'],
    ['64:ff9b::169.254.169.254'],
    ['2002:a9fe:a9fe::'],
    ['224.0.0.1'],
    ['255.255.255.255'],
    ['192.0.2.1'],
    ['198.18.0.1'],
    ['::'],
    ['::7f00:1'],
    ['::ffff:0.0.0.0'],
    ['fe80::1'],
    ['fe80::1%eth0'],
    ['fec0::1'],
    ['ff02::1'],
    ['2001:db8::1'],
    ['2001::1'],
    ['64:ff9b:1::1'],
    // The IANA registries of special-purpose addresses, as of 2025-10-09: what is not above.
    ['::ffff:0:169.254.169.254'],
    ['100::1'],
    ['100:0:0:1::1'],
    ['2001:1::1'],
    ['2001:2::1'],
    ['2001:3::1'],
    ['2001:4:112::1'],
    ['2001:10::1'],
    ['2001:20::1'],
    ['2001:2f:ffff::1'],
    ['2001:30::1'],
    ['2001:1ff:ffff::1'],
    ['2620:4f:8000::1'],
    ['3fff::1'],
    ['3fff:fff:ffff::1'],
    ['5f00::1'],
    ['192.0.0.9'],
    ['192.31.196.1'],
    ['192.52.193.1'],
    ['192.88.99.1'],
    ['192.175.48.1'],
    // Assigned to nobody: outside 2000::/3.
    ['64:ff9b:2::1'],
    ['::1:0:0:1'],
    ['200::1'],
    ['4000::1'],
    ['fe00::1'],
    [''],
    ['localhost'],
    ['127.1'],
    ['0x7f.1'],
    ['8.8.8.8 '],
    ['[::1]'],
  ])('%s never', (address) => expect([open, own, local].map((reach) => reach(address))).toEqual([false, false, false]))

  test('an IPv4 address inside an IPv6 one is judged as itself, however it is written', () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.boolean(), (address, allowed) => {
        const reach = reachFor('https://issuer.test', allowed)
        const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number)
        const hex = `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`
        for (const carrier of [
          `::ffff:${address}`,
          `::ffff:${hex}`,
          `64:ff9b::${hex}`,
          `::ffff:0:${address}`,
          `2002:${hex}::`,
        ])
          expect([carrier, reach(carrier)]).toEqual([carrier, reach(address)])
      }),
    )
  })
})

test.each([
  ['https://10.0.0.1/', false],
  ['https://0x0a000001/', false],
  ['https://167772161/', false],
  ['https://127.1/', false],
  ['https://[::ffff:10.0.0.1]/', false],
  ['https://[fd00::1]:8443/', false],
  ['https://8.8.8.8/', true],
  ['https://[2606:4700::1111]/', true],
  ['https://intranet.test/', true],
])('%s: a name is asked when connecting, an address is known: %s', (url, may) => expect(mayName(url, open)).toBe(may))
