import { expect, test } from 'vitest'
import { readSettings } from './settings.ts'

const env = { UPSTREAM: 'http://127.0.0.1:4000' }

test('trusted peers are listed with commas, and with spaces or nothing between', () => {
  expect(readSettings({ ...env, TRUSTED_PEERS: '127.0.0.1, 10.0.0.0/8,,' }).trustedPeers).toEqual([
    '127.0.0.1',
    '10.0.0.0/8',
  ])
  expect(readSettings(env).trustedPeers).toEqual([])
})

test.each([
  [{}, 'UPSTREAM must be the origin'],
  [{ UPSTREAM: 'http://127.0.0.1:4000/path' }, 'UPSTREAM must be the origin'],
  [{ ...env, BODY_LIMIT: '1MB' }, 'BODY_LIMIT must be a whole number'],
  [{ ...env, ADDRESS_LIMIT: '0' }, 'ADDRESS_LIMIT must be a whole number from 1'],
  [{ ...env, SECRET_LIMIT: '-1' }, 'SECRET_LIMIT must be a whole number from 1'],
])('what is no setting says which one, %#', (given, message) => {
  expect(() => readSettings(given)).toThrow(message)
})
