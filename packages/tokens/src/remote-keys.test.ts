// What a process knows of an issuer's keys when the issuer does not answer, and what it keeps when it does.
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { isAuthError, isUnavailable } from '@countersign/http'
import { type MemoryStore, memoryStore } from '@countersign/store'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { heldBytes } from '../test/heap.ts'
import { AUDIENCE, goodClaims, goodHeader, NOW, type Signer, signer } from '../test/mint.ts'
import type { RemoteVerifier } from './remote-course.ts'
import { type RemoteIssuerOptions, remoteIssuer } from './remote-issuer.ts'

const es = signer('ES256')
let url: string
let jwks: (response: ServerResponse) => void
let hits: number
let later: number // ms that both clocks are ahead
const server = createServer((request, response) => {
  if (request.url !== '/jwks') return response.end(JSON.stringify({ issuer: url, jwks_uri: `${url}/jwks` }))
  hits++
  jwks(response)
})
const send = (value: unknown) => (response: ServerResponse) => response.end(JSON.stringify(value))
const fail = (response: ServerResponse) => void response.writeHead(500).end()

beforeEach(async () => {
  hits = 0
  later = 0
  const real = performance.now.bind(performance)
  vi.spyOn(performance, 'now').mockImplementation(() => real() + later)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  jwks = send({ keys: [es.publicJwk] })
})
afterEach(async () => {
  vi.restoreAllMocks()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

const clock = () => NOW + later
const make = (more: Partial<RemoteIssuerOptions> = {}) => remoteIssuer(url, { audience: AUDIENCE, clock, ...more })
const mintFor = (by: Signer, claims: object = {}) =>
  by.mint({
    header: { ...goodHeader, alg: by.jwk.alg, kid: by.jwk.kid },
    claims: { ...goodClaims, exp: NOW / 1000 + 7200, iss: url, ...claims },
  })
async function outcome(verifier: RemoteVerifier, token: string): Promise<string> {
  try {
    const result = await verifier.verify(token)
    return isAuthError(result) ? result.reason : result ? 'accepted' : 'not mine'
  } catch (error) {
    if (isUnavailable(error)) return 'unavailable'
    throw error
  }
}
const keysOf = (store: MemoryStore) => store.scan('tokens:jwks:').map(([key]) => key)
const isReady = (verifier: { ready(): Promise<void> }) =>
  verifier.ready().then(
    () => true,
    (error: unknown) => (isUnavailable(error) ? false : Promise.reject(error)),
  )

describe('ready', () => {
  test('fetches the keys, so that the first token waits for nothing', async () => {
    const verifier = make()
    expect(await isReady(verifier)).toBe(true)
    expect(hits).toBe(1)
    expect(verifier.verify(mintFor(es))).toMatchObject({ subject: 'anna' })
  })

  test('says no while there are none, one fetch in 30 s however often it is asked, and yes after', async () => {
    jwks = fail
    const verifier = make()
    for (let asked = 0; asked < 20; asked++) expect(await isReady(verifier)).toBe(false)
    expect(hits).toBe(1)
    jwks = send({ keys: [es.publicJwk] })
    later = 30_100
    expect(await isReady(verifier)).toBe(true)
  })

  test('says yes while old keys serve, and no after the hour', async () => {
    const verifier = make()
    await verifier.ready()
    jwks = fail
    later = 3_500_000
    expect(await isReady(verifier)).toBe(true)
    later = 3_640_000
    expect(await isReady(verifier)).toBe(false)
  })

  test('an issuer without an audience has it too, for all its audiences', async () => {
    const unbound = remoteIssuer(url, { clock })
    await unbound.ready()
    expect(unbound.forAudience(AUDIENCE).verify(mintFor(es))).toMatchObject({ subject: 'anna' })
    expect(hits).toBe(1)
  })
})

describe('a reload', () => {
  test('with the same keys leaves remembered tokens remembered', async () => {
    const verifier = make()
    const token = mintFor(es)
    const principal = await verifier.verify(token)
    jwks = send({ keys: [signer('EdDSA', 'k2').publicJwk, { ...es.publicJwk, use: 'sig', x5c: ['new'] }] })
    later = 601_000
    await verifier.ready()
    expect(hits).toBe(2)
    expect(await verifier.verify(token)).toBe(principal)
  })

  test('with another key under the same kid forgets them', async () => {
    const verifier = make()
    const token = mintFor(es)
    expect(await outcome(verifier, token)).toBe('accepted')
    jwks = send({ keys: [signer('ES256').publicJwk] })
    later = 601_000
    expect(await outcome(verifier, token)).toBe('token.signature')
  })

  test('without the key forgets them, though it was there before', async () => {
    const verifier = make()
    const token = mintFor(es)
    expect(await outcome(verifier, token)).toBe('accepted')
    jwks = send({ keys: [signer('ES256', 'k2').publicJwk] })
    later = 601_000
    expect(await outcome(verifier, token)).toBe('token.key')
  })
})

describe('F11: the last good keys in the store', () => {
  const kept = async () => {
    const store = memoryStore({ clock })
    const first = make({ store })
    await first.ready()
    await vi.waitFor(() => expect(keysOf(store)).toHaveLength(1))
    return store
  }

  test('serve a process that starts while the issuer is down, within the hour from when they were fetched', async () => {
    const store = await kept()
    jwks = fail
    later = 3_000_000
    const second = make({ store })
    expect(await outcome(second, mintFor(es))).toBe('accepted')
    expect(await isReady(second)).toBe(true)
    expect(await outcome(second, mintFor(signer('ES256', 'k2')))).toBe('unavailable')
    later = 3_650_000
    expect(await outcome(second, mintFor(es))).toBe('unavailable')
    expect(await outcome(make({ store }), mintFor(es))).toBe('unavailable')
  })

  test('are replaced by what is fetched', async () => {
    const store = await kept()
    jwks = fail
    const second = make({ store })
    await second.ready()
    jwks = send({ keys: [signer('ES256', 'k2').publicJwk] })
    later = 601_000
    // Nobody waits for a source that failed before, so it may take a moment.
    await vi.waitFor(async () => expect(await outcome(second, mintFor(es))).toBe('token.key'))
  })

  test('are not asked for while the issuer answers', async () => {
    const store = await kept()
    const get = vi.spyOn(store, 'get')
    await make({ store }).ready()
    expect(get).not.toHaveBeenCalled()
  })

  test('hold no private member, even where an issuer publishes one by mistake', async () => {
    jwks = send({ keys: [es.jwk] })
    const store = await kept()
    const [key] = keysOf(store)
    const value = (await store.get(key as string))?.value as string
    expect(value).not.toContain(es.jwk.d)
    expect(JSON.parse(value).keys[0]).toEqual(es.publicJwk)
  })

  test.each([
    ['of another issuer', (row: Record<string, unknown>) => ({ ...row, issuer: 'https://evil.test' })],
    ['from the future', (row: Record<string, unknown>) => ({ ...row, at: NOW + 120_000 })],
    ['without a time', ({ at: _, ...row }: Record<string, unknown>) => row],
    ['with no keys', (row: Record<string, unknown>) => ({ ...row, keys: [] })],
    ['with a weak key', (row: Record<string, unknown>) => ({ ...row, keys: [{ kty: 'RSA', n: 'AQAB', e: 'Aw' }] })],
    ['with 101 keys', (row: Record<string, unknown>) => ({ ...row, keys: Array(101).fill(es.publicJwk) })],
    ['that is no row', () => null],
  ])('a row %s is none', async (_what, change) => {
    const store = await kept()
    const [key] = keysOf(store)
    const row = JSON.parse((await store.get(key as string))?.value as string)
    await store.commit([{ key: key as string, value: JSON.stringify(change(row)) }])
    jwks = fail
    expect(await outcome(make({ store }), mintFor(es))).toBe('unavailable')
  })

  test.each([
    [
      'throws',
      () => {
        throw new Error('down')
      },
    ],
    ['rejects', () => Promise.reject(new Error('down'))],
    ['never answers', () => new Promise<never>(() => {})],
  ])(
    'a store that %s costs nothing while the issuer answers, and is a 503 while it does not',
    async (_what, broken) => {
      const store = { get: broken, commit: broken }
      const verifier = make({ store })
      expect(await outcome(verifier, mintFor(es))).toBe('accepted')
      jwks = fail
      expect(await outcome(make({ store }), mintFor(es))).toBe('unavailable')
    },
  )

  test('a store that is none is a TypeError', () =>
    expect(() => make({ store: {} as never })).toThrow('store must be a store'))
})

describe('F12: what is no key set is given up, and the old set serves', () => {
  const endless = (response: ServerResponse) => {
    const chunk = Buffer.alloc(65_536, 32)
    const more = () => {
      while (!response.destroyed) if (!response.write(chunk)) return void response.once('drain', more)
    }
    more()
  }
  test.each([
    ['slow', () => {}],
    ['slow in the middle', (response: ServerResponse) => void response.write('{"keys":[')],
    ['endless', endless],
    ['10,000 keys', (response: ServerResponse) => send({ keys: Array(10_000).fill(es.publicJwk) })(response)],
    ['101 keys', (response: ServerResponse) => send({ keys: Array(101).fill(es.publicJwk) })(response)],
    ['redirecting', (response: ServerResponse) => void response.writeHead(302, { location: `${url}/jwks` }).end()],
  ])('%s', async (_what, answer) => {
    const verifier = make({ timeout: 150 })
    const [remembered, fresh] = [mintFor(es), mintFor(es, { jti: 'fresh' })]
    expect(await outcome(verifier, remembered)).toBe('accepted')
    jwks = answer
    later = 601_000
    expect(await outcome(verifier, remembered)).toBe('accepted')
    expect(await outcome(verifier, fresh)).toBe('accepted')
    expect(hits).toBe(2)
    expect(await outcome(make({ timeout: 150 }), fresh)).toBe('unavailable')
  })
})

test('F12: 3 s, unless told otherwise, and nobody waits longer', async () => {
  jwks = () => {}
  const started = Date.now()
  expect(await outcome(make(), mintFor(es))).toBe('unavailable')
  expect(Date.now() - started).toBeGreaterThan(2900)
  expect(Date.now() - started).toBeLessThan(4500)
})

test('F13: a flood of unknown kids keeps nothing of them, and good tokens never wait', async () => {
  const verifier = make()
  const good = mintFor(es)
  await verifier.verify(good)
  const before = heldBytes()
  for (let at = 0; at < 20_000; at++) {
    // A header over 512 characters is not remembered by the parser either.
    const kid = `${at}`.padStart(200, 'x')
    await outcome(
      verifier,
      `${Buffer.from(JSON.stringify({ alg: 'ES256', typ: 'at+jwt', kid })).toString('base64url')}.${good.split('.')[1]}.${good.split('.')[2]}`,
    )
    if (at % 1000 === 0) expect(verifier.verify(good)).not.toBeInstanceOf(Promise)
  }
  vi.mocked(performance.now).mockClear() // it remembers its calls
  expect(heldBytes() - before).toBeLessThan(2e6)
  expect(hits).toBe(1)
})
