import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CANDIDATES, type Candidate, type CandidateName } from './candidates.ts'
import type { Running, Start } from './peers/peer.ts'
import { POST } from './post.ts'
import { SCENARIOS } from './scenarios.ts'
import { type Algorithm, forged, type Signer, signer, USER } from './settings.ts'
import { VERIFIERS, type VerifierName } from './verifiers.ts'

// A candidate that lets everybody in would be the fastest of all: each is asked what it must refuse.

const KEY = 'an-opaque-key-of-enough-length'
/** One key for each algorithm, and one that nobody here knows: making RSA keys takes its time. */
const makeSigners = () => ({
  HS256: signer('HS256'),
  RS256: signer('RS256'),
  ES256: signer('ES256'),
  EdDSA: signer('EdDSA'),
})
const SIGNERS = makeSigners()
const STRANGERS = makeSigners()
const past = { iat: Math.floor(Date.now() / 1000) - 7200, exp: Math.floor(Date.now() / 1000) - 3600 }

async function started(name: CandidateName, { settings }: Signer): Promise<Running> {
  const { start } = (await import(`./peers/${name}.ts`)) as { start: Start }
  return start({ ...settings, keys: [KEY] })
}

async function status(url: string, authorization?: string): Promise<number> {
  const response = await fetch(url, authorization === undefined ? {} : { headers: { authorization } })
  await response.arrayBuffer()
  return response.status
}

const judges = (Object.entries(CANDIDATES) as [CandidateName, Candidate][]).flatMap(([name, { algorithms }]) =>
  algorithms.map((algorithm) => ({ name, algorithm })),
)

describe.each(judges)('$name, $algorithm', ({ name, algorithm }) => {
  const issued = SIGNERS[algorithm]
  let running: Running
  beforeAll(async () => {
    running = await started(name, issued)
  })
  afterAll(() => running.close())
  const asked = (token: string) => status(`${running.url}/posts`, `Bearer ${token}`)

  test('takes a good token, also the second time', async () => {
    const token = issued.token(1)
    expect([await asked(token), await asked(token)]).toEqual([200, 200])
  })

  test('refuses a wrong signature, also of a token it has seen', async () => {
    const token = issued.token(2)
    expect([await asked(token), await asked(forged(token)), await asked(forged(token))]).toEqual([200, 401, 401])
  })

  test.each([
    ['an expired token', past],
    ['a token of another issuer', { iss: 'https://other.example' }],
    ['a token for another audience', { aud: 'https://other.example' }],
  ])('refuses %s', async (_what, claims) => expect(await asked(issued.token(3, claims))).toBe(401))

  test('refuses a token of another key', async () => expect(await asked(STRANGERS[algorithm].token(4))).toBe(401))

  test('refuses a token signed with another algorithm', async () => {
    const other: Algorithm = algorithm === 'HS256' ? 'RS256' : 'HS256'
    // Refused all the same: @fastify/jwt calls it a fault of the server.
    expect(await asked(SIGNERS[other].token(5))).toBe(name.startsWith('fastify-jwt') ? 500 : 401)
  })

  test('refuses what is no token, and nothing', async () => {
    expect([await asked('no-token'), await status(`${running.url}/posts`)]).toEqual([401, 401])
  })
})

describe.each(['countersign-express', 'countersign-fastify'] as const)('%s, as a verifier without keys', (name) => {
  test('fetches them', async () => {
    const { settings, token, tokens } = SIGNERS.RS256
    const { signingJwk: _, publicJwk, ...rest } = settings
    const source = createServer((_request, response) => response.end(JSON.stringify({ keys: [publicJwk] })))
    await new Promise<void>((resolve) => source.listen(0, '127.0.0.1', resolve))
    const jwksUrl = `http://127.0.0.1:${(source.address() as AddressInfo).port}/`
    const running = await started(name, { settings: { ...rest, jwksUrl }, token, tokens })
    const good = token(6)
    const asked = (one: string) => status(`${running.url}/posts`, `Bearer ${one}`)
    expect([await asked(good), await asked(forged(good))]).toEqual([200, 401])
    await running.close()
    source.close()
  })
})

describe.each(['countersign-express', 'countersign-fastify', 'fastify-bearer-auth'] as const)('%s, a key', (name) => {
  test('takes its key, refuses another and none', async () => {
    const running = await started(name, SIGNERS.EdDSA)
    const headers = (key: string): Record<string, string> =>
      running.apiKey === undefined ? { authorization: `Bearer ${key}` } : { 'x-api-key': key }
    const url = `${running.url}${running.apiKey === undefined ? '/posts' : '/keys'}`
    const key = running.apiKey ?? KEY
    const other = key.replace(/.$/, (last) => (last === 'x' ? 'y' : 'x'))
    const answers = [await fetch(url, { headers: headers(key) }), await fetch(url, { headers: headers(other) })]
    expect([...answers.map((one) => one.status), await status(url)]).toEqual([200, 401, 401])
    await running.close()
  })
})

describe.each([
  ['countersign-express', '/basic'],
  ['countersign-fastify', '/basic'],
  ['express-basic-auth', '/posts'],
  ['fastify-basic-auth', '/posts'],
] as const)('%s, Basic', (name, path) => {
  test('takes the password, refuses another and none', async () => {
    const running = await started(name, SIGNERS.EdDSA)
    const asked = (password: string) => status(running.url + path, `Basic ${btoa(`${USER.username}:${password}`)}`)
    expect([await asked(USER.password), await asked(USER.password)]).toEqual([200, 200])
    expect([await asked('wrong'), await status(running.url + path)]).toEqual([401, 401])
    await running.close()
  })
})

describe.each([
  ['countersign-express', '/posts'],
  ['countersign-express', '/strict'],
  ['countersign-fastify', '/posts'],
  ['countersign-fastify', '/strict'],
  ['express-openapi-validator', '/posts'],
  ['fastify-schema', '/posts'],
] as const)('%s, the body of %s', (name, path) => {
  test('takes what fits, refuses what does not', async () => {
    const running = await started(name, SIGNERS.EdDSA)
    const asked = async (body: string) => {
      const headers = { 'content-type': 'application/json' }
      const response = await fetch(running.url + path, { method: 'POST', headers, body })
      return [response.status, ((await response.json()) as { title?: string }).title]
    }
    expect(await asked(POST)).toEqual([200, JSON.parse(POST).title])
    expect((await asked('{"title":"no body"}'))[0]).toBe(400)
    expect((await asked('{"title":"","body":"x"}'))[0]).toBe(400)
    await running.close()
  })
})

describe.each(['bare-express', 'bare-fastify'] as const)('%s', (name) => {
  test('asks for nothing, and gives the same answers', async () => {
    const running = await started(name, SIGNERS.EdDSA)
    const headers = { 'content-type': 'application/json' }
    const posted = await fetch(`${running.url}/posts`, { method: 'POST', headers, body: POST })
    expect([await status(`${running.url}/posts`), await posted.json()]).toEqual([
      200,
      { title: JSON.parse(POST).title },
    ])
    await running.close()
  })
})

const verifiers = (Object.keys(VERIFIERS) as VerifierName[]).flatMap((name) =>
  (['HS256', 'RS256', 'ES256', 'EdDSA'] as const)
    .filter((algorithm) => !(name === 'jsonwebtoken' && algorithm === 'EdDSA'))
    .map((algorithm) => ({ name, algorithm })),
)

test.each(verifiers)('in process, $name judges $algorithm', async ({ name, algorithm }) => {
  const { settings, token } = SIGNERS[algorithm]
  const verify = await VERIFIERS[name](settings)
  const good = token(1)
  expect([await verify(good), await verify(good)]).toEqual([true, true])
  const wrong = [forged(good), token(2, past), token(3, { iss: 'x' }), token(4, { aud: 'x' }), 'no-token', 'a.b.c']
  expect(await Promise.all(wrong.map(async (one) => verify(one)))).toEqual(wrong.map(() => false))
  expect(await verify(STRANGERS[algorithm].token(5))).toBe(false)
})

test.each([
  ['countersign', 'countersign, its cache'],
  ['fast-jwt', 'fast-jwt, its cache'],
  ['fast-jwt', 'fast-jwt, its cache by the bare token'],
  ['floor', 'floor with a map'],
] as const)('the cache is on where it should be: %s against %s', async (plain, cached) => {
  const { settings, token } = SIGNERS.EdDSA
  const one = token(1)
  const cost = async (name: VerifierName) => {
    const verify = await VERIFIERS[name](settings)
    await verify(one)
    const start = process.cpuUsage()
    for (let i = 0; i < 500; i++) await verify(one)
    return process.cpuUsage(start).user
  }
  expect(await cost(cached)).toBeLessThan((await cost(plain)) / 3)
})

test('what a scenario compares is all there', () => {
  for (const { verifiers } of SCENARIOS) for (const name of verifiers) expect(Object.keys(VERIFIERS)).toContain(name)
})
