// Several operators' issuers behind one verifier: chosen from what is allowed, each with its own keys.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { isAuthError, isUnavailable, Unavailable } from '@countersign/http'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { heldBytes } from '../test/heap.ts'
import { AUDIENCE, goodClaims, goodHeader, NOW, type Signer, signer } from '../test/mint.ts'
import { type AllowIssuer, type RemoteIssuersOptions, remoteIssuers } from './remote-issuers.ts'
import type { JwtVerifier } from './verifier.ts'

/** Two operators, each a realm of one loopback server, with keys of the same kid. */
const signers: Readonly<Record<string, Signer>> = { a: signer('ES256'), b: signer('ES256') }
let origin: string
let asked: string[]
let down: ReadonlySet<string>
let later: number
const server = createServer((request, response) => {
  asked.push(request.url as string)
  const [, realm = '', ...rest] = (request.url as string).split('/')
  if (down.has(realm)) return response.writeHead(500).end()
  const signing = signers[realm] ?? signers.a
  const issuer = `${origin}/${realm}`
  if (rest[0] === 'jwks') return response.end(JSON.stringify({ keys: [signing?.publicJwk] }))
  response.end(JSON.stringify({ issuer, jwks_uri: `${issuer}/jwks` }))
})

beforeEach(async () => {
  asked = []
  down = new Set()
  later = 0
  const real = performance.now.bind(performance)
  vi.spyOn(performance, 'now').mockImplementation(() => real() + later)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterEach(async () => {
  vi.restoreAllMocks()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

/** These issuers are on the loopback, which no function may allow by itself. */
const make = (allow: readonly string[] | AllowIssuer, more: Partial<RemoteIssuersOptions> = {}) =>
  remoteIssuers(allow, { audience: AUDIENCE, clock: () => NOW, allowPrivate: typeof allow === 'function', ...more })
const of = (realm: string) => `${origin}/${realm}`
const mintFor = (realm: string, claims: object = {}, by: Signer = (signers[realm] ?? signers.a) as Signer) =>
  by.mint({ header: goodHeader, claims: { ...goodClaims, iss: of(realm), ...claims } })
async function outcome(verifier: JwtVerifier, token: string): Promise<string> {
  try {
    const result = await verifier.verify(token)
    return isAuthError(result) ? result.reason : result ? 'accepted' : 'not mine'
  } catch (error) {
    if (isUnavailable(error)) return 'unavailable'
    throw error
  }
}

describe('keys never cross issuers', () => {
  test.each(['a list', 'a function'])('%s: a token of a signed by b, under the kid of both', async (how) => {
    const verifier = make(how === 'a list' ? [of('a'), of('b')] : () => true)
    expect(await outcome(verifier, mintFor('a'))).toBe('accepted')
    expect(await outcome(verifier, mintFor('b'))).toBe('accepted')
    expect(await outcome(verifier, mintFor('a', {}, signers.b))).toBe('token.signature')
    expect(await outcome(verifier, mintFor('b', {}, signers.a))).toBe('token.signature')
  })

  test('an issuer beside the list is not mine, and nothing is fetched for it', async () => {
    const verifier = make([of('a')])
    expect(verifier.verify(mintFor('b'))).toBeUndefined()
    expect(verifier.verify(mintFor('a', { iss: `${of('a')}/` }))).toBeUndefined()
    expect(asked).toEqual([])
  })

  test('one that is down leaves the others alone', async () => {
    down = new Set(['b'])
    const verifier = make([of('a'), of('b')])
    expect(await outcome(verifier, mintFor('b'))).toBe('unavailable')
    expect(await outcome(verifier, mintFor('a'))).toBe('accepted')
    await verifier.ready()
    down = new Set(['a', 'b'])
    await expect(make([of('a'), of('b')]).ready()).rejects.toSatisfy(isUnavailable)
  })

  test('a token that was verified is remembered, and judged at once', async () => {
    const verifier = make([of('a'), of('b')])
    const token = mintFor('a')
    const principal = await verifier.verify(token)
    expect(verifier.verify(token)).toBe(principal)
  })

  test('the remembered tokens of all issuers share one bound', async () => {
    const verifier = make([of('a'), of('b')], { cache: { entries: 2 } })
    const tokens = [mintFor('a', { jti: '1' }), mintFor('b', { jti: '2' }), mintFor('b', { jti: '3' })]
    const first = await verifier.verify(tokens[0] as string)
    for (const token of tokens.slice(1)) await verifier.verify(token)
    await verifier.verify(tokens[2] as string) // what comes to a full cache must come twice
    const again = verifier.verify(tokens[0] as string)
    expect(again).toEqual(first)
    expect(again).not.toBe(first)
  })
})

describe('a flood of made-up issuers', () => {
  test('makes no fetch, asks the function once each, and leaves nothing behind', async () => {
    let told = 0
    const verifier = make((iss) => {
      told++
      return iss === of('a')
    })
    await verifier.verify(mintFor('a'))
    const good = mintFor('a')
    await verifier.verify(good)
    const fetched = asked.length
    const before = heldBytes()
    const claims = Buffer.from(JSON.stringify({ ...goodClaims, iss: 'https://evil.test/IIIIII' })).toString('utf8')
    const [head, , tail] = good.split('.')
    for (let at = 0; at < 20_000; at++) {
      const made = Buffer.from(claims.replace('IIIIII', `${at}`.padStart(200, '0'))).toString('base64url')
      expect(verifier.verify(`${head}.${made}.${tail}`)).toBeUndefined()
    }
    expect(asked.length).toBe(fetched)
    expect(told).toBe(20_001)
    vi.mocked(performance.now).mockClear() // it remembers its calls
    expect(heldBytes() - before).toBeLessThan(2e6)
    expect(verifier.verify(good)).toMatchObject({ subject: 'anna' })
  })

  test('what can be no issuer is never asked for', async () => {
    const told: string[] = []
    const verifier = make((iss) => told.push(iss) > 0, { allowPrivate: false })
    for (const iss of [
      '',
      'x',
      'http://issuer.test',
      'file:///etc/passwd',
      'https://a:b@issuer.test',
      'https://10.0.0.5/',
      'https://169.254.169.254/',
      `https://${'x'.repeat(600)}.test`,
    ])
      expect(await outcome(verifier, mintFor('a', { iss }))).toBe('not mine')
    expect(await outcome(verifier, mintFor('a', { iss: undefined }))).toBe('not mine')
    expect(await outcome(verifier, mintFor('a', { iss: [of('a')] }))).toBe('token.issuer')
    expect(await outcome(verifier, 'x')).toBe('token.parse.segments')
    expect(told).toEqual([])
  })

  const NOT_NORMAL = [
    ' https://issuer.test/a',
    'https://issuer.test/a ',
    'https://issuer.test/a?b',
    'https://issuer.test/a?',
    'https://issuer.test/a#b',
    'https://issuer.test/a#',
    'https://issuer.test\\a',
    'https:/\\issuer.test/a',
    'https:issuer.test/a',
    'https://user@issuer.test/a',
    'https://@issuer.test/a',
    'https://issuer.test/b/../a',
    'https://issuer.test/b/%2e%2e/a',
    'https://ISSUER.test/a',
    'HTTPS://issuer.test/a',
    'https://issuer.test:443/a',
    'https://issuer.test/a\tb',
    'https://issu\u00e9r.test/a',
    'https://issuer.test/\u00e9',
  ]
  test.each([[false], [true]])('nor what is not written as URLs are; allowPrivate: %s', async (allowPrivate) => {
    const told: string[] = []
    const fetched: string[] = []
    const fetch = async (url: string) => {
      fetched.push(url)
      throw new Error('fetched')
    }
    const verifier = make((iss) => told.push(iss) > 0, { allowPrivate, fetch: fetch as never })
    const judged = await Promise.all(NOT_NORMAL.map((iss) => outcome(verifier, mintFor('a', { iss }))))
    expect([told, fetched, new Set(judged)]).toEqual([[], [], new Set(['not mine'])])
    const good = ['https://issuer.test', 'https://issuer.test/', 'https://issuer.test/a', 'https://issuer.test:8443/a/']
    for (const iss of good) expect(await outcome(verifier, mintFor('a', { iss }))).toBe('unavailable')
    expect(told).toEqual(good)
  })

  test('nor the loopback, which a stranger can name as well as anybody', async () => {
    const told: string[] = []
    const allow: AllowIssuer = (iss) => told.push(iss) > 0 && new URL(iss).pathname.startsWith('/a')
    const { port } = new URL(origin)
    const spellings = [`http://127.0.0.1:${port}`, `http://localhost:${port}`, `http://[::1]:${port}`]
    for (const one of [...spellings, `https://127.0.0.1:${port}`, `https://localhost:${port}`, 'https://[::1]'])
      expect(await outcome(make(allow, { allowPrivate: false }), mintFor('a', { iss: `${one}/a` }))).toBe('not mine')
    expect([told, asked]).toEqual([[], []])
    expect(await outcome(make(allow), mintFor('a'))).toBe('accepted')
    // The operator wrote this one.
    expect(await outcome(make([of('a')]), mintFor('a'))).toBe('accepted')
  })

  test.each([[false], [undefined], [null], [0], [1], ['yes']])(
    'a function that says %j allows nothing',
    async (told) => {
      expect(
        await outcome(
          make(() => told as never),
          mintFor('a'),
        ),
      ).toBe('not mine')
      expect(
        await outcome(
          make(async () => told as never),
          mintFor('a'),
        ),
      ).toBe('not mine')
      expect(asked).toEqual([])
    },
  )
})

describe('a function', () => {
  test('is asked again after five minutes; an issuer that is no longer allowed is refused, one that is keeps its keys', async () => {
    let allowed = true
    const allow = vi.fn(async () => allowed)
    const verifier = make(allow)
    const token = mintFor('a')
    expect(await outcome(verifier, token)).toBe('accepted')
    const fetched = asked.length
    later = 301_000
    expect(await outcome(verifier, token)).toBe('accepted')
    expect([allow.mock.calls.length, asked.length]).toEqual([2, fetched])
    allowed = false
    expect(await outcome(verifier, token)).toBe('accepted')
    later = 602_000
    expect(await outcome(verifier, token)).toBe('not mine')
  })

  test('many tokens of an issuer at once fetch its keys once', async () => {
    const verifier = make(async () => true)
    const tokens = Array.from({ length: 50 }, (_, at) => mintFor('a', { jti: `${at}` }))
    expect(new Set(await Promise.all(tokens.map((token) => outcome(verifier, token))))).toEqual(new Set(['accepted']))
    expect(asked).toEqual(['/a/.well-known/openid-configuration', '/a/jwks'])
  })

  test('may say more: an audience and a jwksUri of its own', async () => {
    const verifier = make((iss) => ({ jwksUri: `${iss}/jwks`, audience: 'theirs' }))
    expect(await outcome(verifier, mintFor('a'))).toBe('token.audience')
    expect(await outcome(verifier, mintFor('a', { aud: 'theirs' }))).toBe('accepted')
    expect(asked).toEqual(['/a/jwks'])
    const wrong = (told: unknown) =>
      outcome(
        make(() => told as never),
        mintFor('a'),
      )
    await expect(wrong({ jwks_uri: 'x' })).rejects.toThrow('no option "jwks_uri"')
    await expect(wrong({ jwksUri: 'http://keys.test/' })).rejects.toThrow('jwksUri must be a URL with https')
    const elsewhere = make(() => ({ jwksUri: 'https://10.0.0.5/' }), { allowPrivate: false })
    await expect(outcome(elsewhere, mintFor('a', { iss: 'https://issuer.test' }))).rejects.toThrow('allowPrivate')
    await expect(wrong({ audience: '' })).rejects.toThrow('audience must be')
  })

  test('the least recent of the issuers goes: those that are held are bounded', async () => {
    const verifier = make(() => true, { issuers: 2 })
    for (const realm of ['a', 'b', 'a', 'c']) expect(await outcome(verifier, mintFor(realm))).toBe('accepted')
    const fetched = asked.length
    expect(await outcome(verifier, mintFor('a'))).toBe('accepted')
    expect(asked.length).toBe(fetched)
    expect(await outcome(verifier, mintFor('b'))).toBe('accepted')
    expect(asked.length).toBe(fetched + 2)
  })

  test('that is down is a 503; its bug is a bug', async () => {
    const failing = make(() => Promise.reject(new Unavailable('the tenant table')))
    expect(await outcome(failing, mintFor('a'))).toBe('unavailable')
    const broken = make(() => Promise.reject(new RangeError('bug')))
    await expect(outcome(broken, mintFor('a'))).rejects.toThrow(RangeError)
  })
})

test('a list is named to whoever lists verifiers; of a function nothing is known', () => {
  expect(make([of('a'), of('b')]).issuers).toEqual([of('a'), of('b')])
  expect(make(() => true).issuers).toBeUndefined()
})

test.each([
  [[], /a list of issuers, or a function/],
  ['https://issuer.test', /a list of issuers, or a function/],
  [['http://issuer.test'], /with https/],
  [['https://10.0.0.1'], /allowPrivate/],
  [['https://issuer.test', 'https://issuer.test'], /there twice/],
])('%j is a TypeError', (allow, message) => expect(() => make(allow as never)).toThrow(message))

test('so are no audience, an unknown option, and no options', () => {
  expect(() => make(['https://issuer.test'], { audience: undefined as never })).toThrow('audience must be')
  expect(() => make(['https://issuer.test'], { jwksUri: 'x' } as never)).toThrow('has no option "jwksUri"')
  expect(() => remoteIssuers(['https://issuer.test'], undefined as never)).toThrow('audience must be')
})
