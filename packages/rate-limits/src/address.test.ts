import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { requestFrom } from '../test/request.ts'
import { addressOf, spelling } from './address.ts'

describe('an address', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:C000:0201', '192.0.2.1'],
    ['0:0:0:0:0:ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2::1', '2001:db8:1:2:0:0:0:0/64'],
    ['2001:0DB8:1:2:ffff:ffff:ffff:ffff', '2001:db8:1:2:0:0:0:0/64'],
    ['2001:db8:1:3::1', '2001:db8:1:3:0:0:0:0/64'],
    ['fe80::1%eth0', 'fe80:0:0:0:0:0:0:0/64'],
    ['fe80::2%lo', 'fe80:0:0:0:0:0:0:0/64'],
    ['::1', '0:0:0:0:0:0:0:0/64'],
    ['::', '0:0:0:0:0:0:0:0/64'],
    ['64:ff9b::192.0.2.1', '64:ff9b:0:0:0:0:0:0/64'],
    ['1:2:3:4:5:6:7::', '1:2:3:4:0:0:0:0/64'],
  ])('%s is counted as %s', (text, expected) => {
    expect(spelling(text, 64)).toBe(expected)
  })

  it('is cut where it is told to', () => {
    expect(spelling('2001:db8:abcd:ef12::1', 56)).toBe('2001:db8:abcd:ef00:0:0:0:0/56')
    expect(spelling('2001:db8:abcd:ef12::1', 48)).toBe('2001:db8:abcd:0:0:0:0:0/48')
    expect(spelling('2001:db8::1', 128)).toBe('2001:db8:0:0:0:0:0:1/128')
    expect(spelling('2001:db8::1', 127)).toBe('2001:db8:0:0:0:0:0:0/127')
  })

  it.each([[''], ['example.com'], ['192.0.2.1:443'], ['192.0.2.01'], ['[::1]'], [undefined], [7]])(
    'is not %j',
    (text) => {
      expect(spelling(text, 64)).toBeUndefined()
    },
  )

  it('has one spelling, however it is written', () => {
    const group = fc.integer({ min: 0, max: 0xffff })
    fc.assert(
      fc.property(fc.array(group, { minLength: 8, maxLength: 8 }), fc.boolean(), (groups, isUpper) => {
        const long = groups.map((one) => one.toString(16).padStart(4, '0')).join(':')
        const short = new URL(`http://[${long}]`).hostname.slice(1, -1)
        expect(spelling(isUpper ? long.toUpperCase() : long, 128)).toBe(spelling(short, 128))
      }),
    )
  })
})

describe('the address of a request', () => {
  it('is what the framework found, else that of the socket', () => {
    expect(addressOf(requestFrom('10.0.0.1', { ip: '192.0.2.7' }), 64)).toBe('192.0.2.7')
    expect(addressOf(requestFrom('10.0.0.1'), 64)).toBe('10.0.0.1')
    expect(addressOf({ raw: requestFrom('10.0.0.2') }, 64)).toBe('10.0.0.2')
  })

  it('is that of the socket where the framework found text that is no address', () => {
    expect(addressOf(requestFrom('10.0.0.1', { ip: 'x'.repeat(9000) }), 64)).toBe('10.0.0.1')
  })

  it('is one for all that have none', () => {
    expect(addressOf(requestFrom(undefined), 64)).toBe('none')
  })

  it('is never taken from a header', () => {
    const headers = [
      'X-Forwarded-For',
      '1.2.3.4',
      'Forwarded',
      'for=1.2.3.4',
      'X-Real-IP',
      '1.2.3.4',
      'CF-Connecting-IP',
      '1.2.3.4',
    ]
    expect(addressOf(requestFrom('10.0.0.1', { headers }), 64)).toBe('10.0.0.1')
  })
})
