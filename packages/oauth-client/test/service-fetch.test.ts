import { createHash, createPublicKey, generateKeyPairSync } from 'node:crypto'
import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { inspect } from 'node:util'
import { dpop } from '@countersign/bound-tokens'
import { isUnavailable } from '@countersign/http'
import { entraId, serviceFetch } from '@countersign/oauth-client'
import { type AnyPolicy, bearer, policy } from '@countersign/policy'
import { memoryStore } from '@countersign/store'
import { selfSigned, testClock } from '@countersign/testing'
import { type RemoteIssuer, remoteIssuer } from '@countersign/tokens'
import { jwtVerify } from 'jose'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { API, type RealProvider, realProvider, SERVICE } from './real-provider.ts'

const clock = testClock()
let idp: RealProvider
let api: { readonly origin: string; close(): void }
/** What the API does with the next requests, in place of looking at the token. */
let answers: RequestListener[]
let seen: { readonly method: string | undefined; readonly headers: IncomingMessage['headers']; readonly body: string }[]

function listen(listener: RequestListener): Promise<{ readonly origin: string; close(): void }> {
  const server = createServer(listener)
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () =>
      resolve({
        origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
        close() {
          server.closeAllConnections()
          server.close()
        },
      }),
    )
  })
}

describe.each(['Bearer', 'DPoP'])('%s', (kind) => {
  beforeAll(async () => {
    idp = await realProvider()
    let caller: { readonly policy: AnyPolicy; readonly principal: (request: IncomingMessage) => unknown }
    api = await listen(async (request, response) => {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk as Buffer)
      seen.push({ method: request.method, headers: request.headers, body: Buffer.concat(chunks).toString() })
      const answer = answers.shift()
      if (answer) return answer(request, response)
      const verdict = await caller.policy.check(request)
      if (verdict?.status !== undefined)
        return void response.writeHead(verdict.status, { ...verdict.headers }).end(verdict.body)
      for (const [name, value] of Object.entries(verdict?.headers ?? {})) response.setHeader(name, value)
      response.end(JSON.stringify(caller.principal(request)))
    })
    const issuer: RemoteIssuer = remoteIssuer(idp.issuer)
    const verifier = issuer.forAudience(API)
    const accepted =
      kind === 'DPoP'
        ? policy({
            accept: dpop(verifier, { origin: api.origin, replay: memoryStore(), nonce: Buffer.alloc(32, 3) }),
            scopes: ['read'],
          })
        : policy({ accept: bearer(verifier), scopes: ['read'] })
    caller = { policy: accepted, principal: (request) => accepted.principal(request) }
  })
  beforeEach(() => {
    answers = []
    seen = []
    idp.fault = undefined
    idp.grants.length = 0
  })
  afterAll(async () => {
    api.close()
    await idp.close()
  })
  const service = (more: object = {}) =>
    serviceFetch({
      provider: { issuer: idp.issuer },
      clientId: SERVICE.id,
      clientSecret: SERVICE.secret,
      scopes: ['read'],
      origins: [api.origin],
      dpop: kind === 'DPoP',
      clock,
      ...more,
    })
  const refuse =
    (error: string): RequestListener =>
    (_request, response) =>
      void response.writeHead(401, { 'www-authenticate': `${kind} realm="api", error="${error}"` }).end('no')
  const granted = () => idp.grants.length

  test('it calls the API with a token, which it keeps', async () => {
    const call = service()
    const first = await call(`${api.origin}/orders?x=1`, {
      headers: { accept: 'text/plain', authorization: 'Basic eA==' },
    })
    expect(first.status).toBe(200)
    expect(await first.json()).toMatchObject({ subject: SERVICE.id, scopes: ['read'] })
    expect(seen.at(-1)?.headers.authorization).toMatch(new RegExp(`^${kind} eyJ`))
    expect(seen.at(-1)?.headers.accept).toBe('text/plain')
    expect(seen.length).toBe(kind === 'DPoP' ? 2 : 1) // the second has the nonce of the API
    const posted = await call(new URL(`${api.origin}/orders`), { method: 'POST', body: '{"a":1}' })
    expect(posted.status).toBe(200)
    expect(seen.at(-1)).toMatchObject({ method: 'POST', body: '{"a":1}' })
    expect(seen.length).toBe(kind === 'DPoP' ? 3 : 2)
    const asked = await call(new Request(`${api.origin}/orders`, { method: 'PUT', body: 'text' }))
    expect(asked.status).toBe(200)
    expect(seen.at(-1)).toMatchObject({ method: 'PUT', body: 'text' })
    expect(granted()).toBe(1)
  })

  test('any number of calls wait for one token; a new one is fetched before it runs out', async () => {
    const call = service()
    const many = await Promise.all(Array.from({ length: 20 }, () => call(api.origin)))
    expect(many.map(({ status }) => status)).toEqual(many.map(() => 200))
    expect(granted()).toBe(1)
    clock.advance(44)
    await call(api.origin)
    expect(granted()).toBe(1)
    clock.advance(2)
    await call(api.origin)
    expect(granted()).toBe(2)
  })

  test('a token that the API calls invalid is replaced once, and the request sent again whole', async () => {
    const call = service()
    await call(api.origin)
    const before = seen.at(-1)?.headers.authorization
    answers = [refuse('invalid_token')]
    const again = await call(api.origin, { method: 'POST', body: 'the whole body' })
    expect(again.status).toBe(200)
    expect(seen.at(-1)?.body).toBe('the whole body')
    expect(seen.at(-1)?.headers.authorization).not.toBe(before)
    expect(granted()).toBe(2)
    seen.length = 0
    answers = Array.from({ length: 6 }, () => refuse('invalid_token'))
    const never = await call(api.origin)
    expect(never.status).toBe(401)
    expect(await never.text()).toBe('no')
    expect(seen).toHaveLength(2)
    expect(granted()).toBe(3)
  })

  test('other refusals are handed on as they are', async () => {
    const call = service()
    for (const answer of [
      refuse('insufficient_scope'),
      ((_q, s) => void s.writeHead(403).end('no')) as RequestListener,
    ]) {
      answers = [answer]
      const response = await call(api.origin)
      expect([401, 403]).toContain(response.status)
      expect(await response.text()).toBe('no')
    }
    expect(granted()).toBe(1)
  })

  test('no other origin gets the token, and no redirect is followed', async () => {
    const call = service()
    const evil = await listen((request, response) => void response.end(`${request.headers.authorization}`))
    await expect(call(`${evil.origin}/`)).rejects.toThrow('is none of the origins that get this token')
    await expect(call(api.origin.replace('127.0.0.1', 'localhost'))).rejects.toThrow(TypeError)
    await expect(call('https://api.test.evil.test/')).rejects.toThrow(TypeError)
    answers = [(_request, response) => void response.writeHead(307, { location: `${evil.origin}/` }).end()]
    const redirected = await call(api.origin, { redirect: 'follow' })
    expect(redirected.status).toBe(307)
    expect(redirected.headers.get('location')).toBe(`${evil.origin}/`)
    evil.close()
  })

  test('a provider that is down is Unavailable; one that knows no such client is a fault of the configuration', async () => {
    const call = service()
    idp.fault = () => 500
    await expect(call(api.origin)).rejects.toSatisfy(isUnavailable)
    idp.fault = (path) => (path === '/token' ? 503 : undefined)
    await expect(call(api.origin)).rejects.toSatisfy(isUnavailable)
    idp.fault = undefined
    expect((await call(api.origin)).status).toBe(200)
    idp.fault = () => 500
    clock.advance(50) // due, and still good
    expect((await call(api.origin)).status).toBe(200)
    clock.advance(11)
    await expect(call(api.origin)).rejects.toSatisfy(isUnavailable)
    idp.fault = undefined
    const wrong = service({ clientSecret: 'canary-of-the-secret' })
    const error = await wrong(api.origin).catch((thrown: unknown) => thrown)
    expect(`${error}`).toContain('serviceFetch: the provider')
    expect(`${error}`).toContain(
      `cannot be used as configured: invalid_client: clientSecret is not what the provider knows for clientId ${SERVICE.id} (client authentication failed)`,
    )
    expect((error as Error).cause).toMatchObject({ status: 401, error: 'invalid_client' })
    expect(inspect(error, { depth: 9 })).not.toContain('canary')
  })

  test('the caller’s own signal ends the call', async () => {
    const call = service()
    await call(api.origin)
    answers = [() => undefined]
    const error = await call(api.origin, { signal: AbortSignal.timeout(50) }).catch((thrown: Error) => thrown)
    expect((error as Error).name).toBe('TimeoutError')
  })
})

test('a client proves itself by Basic, or by a key in place of a secret', async () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const keys = [
    { ...rsa.publicKey.export({ format: 'jwk' }), kid: 'rsa', use: 'sig' },
    { ...ec.publicKey.export({ format: 'jwk' }), kid: 'ec', use: 'sig' },
  ]
  const provider = await realProvider(undefined, keys)
  const open = await listen((_request, response) => void response.end('in'))
  const pem = rsa.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
  const call = (client: object) =>
    serviceFetch({ provider: { issuer: provider.issuer }, origins: [open.origin], clientId: 'keyed', ...client })(
      open.origin,
    )
  const good = [
    { clientId: 'basic', clientSecret: SERVICE.secret, authentication: 'client_secret_basic' },
    { clientKey: { key: pem, kid: 'rsa' } },
    { clientKey: { key: rsa.privateKey, alg: 'PS256' } },
    { clientKey: { key: ec.privateKey } },
  ]
  const proofs: string[] = []
  provider.fault = (path, request) => {
    if (path === '/token') proofs.push(request.headers.authorization?.split(' ')[0] ?? 'in the body')
    return undefined
  }
  for (const client of good) expect(await (await call(client)).text()).toBe('in')
  expect(proofs).toEqual(['Basic', 'in the body', 'in the body', 'in the body'])
  const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
  await expect(call({ clientKey: { key: other, kid: 'rsa' } })).rejects.toThrow(
    'invalid_client: clientKey is not what the provider knows for clientId keyed',
  )
  for (const clientKey of [
    { key: 'no key' },
    { key: rsa.publicKey },
    { key: pem, alg: 'ES256' },
    { key: ec.privateKey, alg: 'RS256' },
    { key: pem, alg: 'none' },
    { key: pem, certificate: 'x' },
    { kee: pem },
  ])
    expect(() =>
      serviceFetch({
        provider: { issuer: 'https://idp.test' },
        origins: ['https://api.test'],
        clientId: 'a',
        clientKey: clientKey as never,
      }),
    ).toThrow(TypeError)
  open.close()
  await provider.close()
})

test('a key with a certificate says which, and whom its word is for: as Entra ID asks', async () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const der = selfSigned(privateKey)
  const certificate = `-----BEGIN CERTIFICATE-----\n${der.toString('base64')}\n-----END CERTIFICATE-----\n`
  const at = 'https://login.microsoftonline.com/8eaef023-2b34-4da1-9baa-8bc8c9d6a490'
  const audience = `${at}/oauth2/v2.0/token`
  let assertion = ''
  const call = serviceFetch({
    provider: entraId({ tenant: '8eaef023-2b34-4da1-9baa-8bc8c9d6a490' }),
    clientId: 'app',
    clientKey: { key: privateKey, alg: 'PS256', certificate, audience },
    scopes: ['api://orders/.default'],
    origins: ['https://api.test'],
    async fetch(url, init) {
      if (url.startsWith('https://api.test/')) return new Response('in')
      if (url.endsWith('/openid-configuration'))
        return Response.json({ issuer: `${at}/v2.0`, token_endpoint: audience })
      const body = new URLSearchParams(`${init.body}`)
      expect(body.get('scope')).toBe('api://orders/.default')
      assertion = body.get('client_assertion') as string
      return Response.json({ access_token: 'a', token_type: 'Bearer', expires_in: 60 })
    },
  })
  expect(await (await call('https://api.test/')).text()).toBe('in')
  const { payload, protectedHeader } = await jwtVerify(assertion, createPublicKey(privateKey), {
    algorithms: ['PS256'],
  })
  expect(protectedHeader['x5t#S256']).toBe(createHash('sha256').update(der).digest('base64url'))
  expect(payload).toMatchObject({ iss: 'app', sub: 'app', aud: audience, jti: expect.any(String) })
})

test('options that cannot work are errors at once', () => {
  const make = (more: object) => () =>
    serviceFetch({
      provider: { issuer: 'https://idp.test' },
      clientId: 'a',
      clientSecret: 'b',
      origins: ['https://api.test'],
      ...more,
    })
  expect(make({})).not.toThrow()
  expect(make({ origins: undefined, resource: 'https://api.test/v1' })).not.toThrow()
  expect(make({ origins: undefined })).toThrow('origins must be')
  expect(make({ origins: undefined, resource: 'urn:api' })).toThrow('origins must be')
  expect(make({ origins: [] })).toThrow('origins must be')
  for (const [origin, says] of [
    ['http://localhost:4001/', "without path or slash at the end: 'http://localhost:4001'"],
    ['https://api.test/v1', "without path or slash at the end: 'https://api.test'"],
    ['http://api.test', 'https, and http://api.test is http'],
    ['/v1', 'a list of origins, such as'],
    ['https://a:b@api.test', 'a list of origins, such as'],
  ])
    expect(make({ origins: ['https://api.test', origin] }), origin).toThrow(says)
  expect(make({ clientSecret: undefined })).toThrow('serviceFetch: clientSecret is undefined')
  expect(make({ clientSecret: '' })).toThrow('clientSecret')
  expect(make({ clientId: '' })).toThrow('clientId')
  expect(make({ dpop: 'yes' })).toThrow('dpop')
  expect(make({ scopes: 'read' })).toThrow('scopes')
  expect(make({ scopes: ['a b'] })).toThrow('scopes')
  expect(make({ parameters: { scope: 'x' } })).toThrow('parameters')
  expect(make({ parameters: { audience: 1 } })).toThrow('parameters')
  expect(make({ resource: 'no uri' })).toThrow('resource')
  expect(make({ orgins: [] })).toThrow('did you mean "origins"')
  expect(make({ provider: { issuer: 'http://idp.test' } })).toThrow('issuer')
})
