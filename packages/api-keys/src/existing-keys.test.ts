import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

// README: begin

import { hash } from 'node:crypto'
import type { Maybe, Principal } from '@countersign/http'

interface Customer extends Principal {
  readonly plan: string
}

/** SHA-256 of each key → its customer: a table of your database. Made once, from the keys that exist. */
const customers = new Map<string, Customer>()
const digest = (key: string) => hash('sha256', key, 'base64url')

function existingKey({ key }: { readonly key: string }): Maybe<Customer | undefined> {
  if (!/^[0-9A-Za-z]{32}$/.test(key)) return undefined // no look-up for what can't be one
  return customers.get(digest(key)) // undefined: 401 invalid_token
}
// const partners = policy({ accept: apiKey(existingKey), scopes: ['orders:read'] })
// README: end

describe('a verifier for keys that exist already', () => {
  const key = randomBytes(16).toString('hex')
  const customer = Object.freeze({ subject: 'customer-42', scopes: ['orders:read'], plan: 'pro' })
  customers.set(digest(key), customer)

  it('finds a key by its digest, so that neither the table nor the time of a look-up gives a key away', () => {
    expect(existingKey({ key })).toBe(customer)
    expect([...customers.keys()].join()).not.toContain(key)
  })

  it.each([['x'.repeat(32)], [key.slice(1)], [`${key}0`], [''], [`${key.slice(1)}-`]])('refuses %j', (wrong) => {
    expect(existingKey({ key: wrong })).toBeUndefined()
  })

  it('is what the README shows', () => {
    const here = readFileSync(import.meta.filename, 'utf8').split(/\/\/ README: (?:begin|end)\n/)[1] ?? 'missing'
    expect(readFileSync(new URL('../README.md', import.meta.url), 'utf8')).toContain(here.trim())
  })
})
