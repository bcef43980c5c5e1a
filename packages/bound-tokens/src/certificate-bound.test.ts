import { generateKeyPairSync, hash, randomUUID, X509Certificate } from 'node:crypto'
import { createServer as createPlain, request as sendPlain } from 'node:http'
import { createServer, request as send } from 'node:https'
import type { AddressInfo } from 'node:net'
import { protect } from '@countersign/express'
import { bearer, policy } from '@countersign/policy'
import { memoryStore } from '@countersign/store'
import { selfSigned } from '@countersign/testing'
import { localIssuer } from '@countersign/tokens'
import express from 'express'
import { exportJWK, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { certificateBound } from './index.ts'

const ISSUER = 'https://login.acme.com'
const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const own = localIssuer({
  issuer: ISSUER,
  audience: ISSUER,
  store: memoryStore(),
  keys: { keys: [(await exportJWK(keys.privateKey)) as Record<string, unknown>] },
})
const [{ kid }] = (await own.jwks()).keys as [{ readonly kid: string }]

interface Identity {
  readonly key: string
  readonly certificate: X509Certificate
}
function identity(): Identity {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  return { key, certificate: new X509Certificate(selfSigned(privateKey)) }
}
const [client, stranger, server] = [identity(), identity(), identity()]
const thumbprint = ({ certificate }: Identity) => hash('sha256', certificate.raw, 'base64url')

function token(cnf?: object): Promise<string> {
  const now = Math.floor(Date.now() / 1000)
  const claims = {
    iss: ISSUER,
    sub: 'ada',
    aud: ISSUER,
    iat: now,
    exp: now + 60,
    jti: randomUUID(),
    ...(cnf && { cnf }),
  }
  return new SignJWT(claims).setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid }).sign(keys.privateKey)
}

const bound = policy({ name: 'bound', accept: bearer(certificateBound(own)) })
const either = policy({ name: 'either', accept: bearer([certificateBound(own), own]) })
const proxied = (format: 'rfc9440' | 'pem', addresses = ['127.0.0.1']) =>
  policy({ accept: bearer(certificateBound(own, { proxy: { header: 'Client-Cert', format, addresses } })) })
const POLICIES = {
  '/bound': bound,
  '/either': either,
  '/rfc9440': proxied('rfc9440', ['10.0.0.0/8', '127.0.0.0/8', '::1']),
  '/pem': proxied('pem'),
  '/elsewhere': proxied('rfc9440', ['10.0.0.1']),
} as const

const app = express()
for (const [path, one] of Object.entries(POLICIES))
  app.get(path, protect(one), (request, response) => void response.json(one.principal(request).subject))
const pem = ({ certificate }: Identity) => certificate.toString()
const tls = createServer({ key: server.key, cert: pem(server), requestCert: true, rejectUnauthorized: false }, app)
const plain = createPlain(app)
beforeAll(async () => {
  for (const one of [tls, plain]) await new Promise<void>((done) => one.listen(0, '127.0.0.1', done))
})
afterAll(() => {
  for (const one of [tls, plain]) one.close()
})
const portOf = (one: typeof tls | typeof plain) => (one.address() as AddressInfo).port

async function ask(path: string, bearerToken: string, who?: Identity): Promise<number> {
  const identified = who && { key: who.key, cert: pem(who) }
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${bearerToken}` }
    const options = { host: '127.0.0.1', port: portOf(tls), path, headers, ca: pem(server), ...identified }
    send({ ...options, agent: false, rejectUnauthorized: false }, (message) =>
      resolve(message.resume().statusCode as number),
    )
      .on('error', reject)
      .end()
  })
}
async function behindProxy(path: string, bearerToken: string, ...certificates: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const lines = certificates.flatMap((one) => ['Client-Cert', one])
    const headers = ['Host', 'x', 'Authorization', `Bearer ${bearerToken}`, ...lines]
    sendPlain({ host: '127.0.0.1', port: portOf(plain), path, headers }, (message) =>
      resolve(message.resume().statusCode as number),
    )
      .on('error', reject)
      .end()
  })
}

describe('over mutual TLS', () => {
  test('the certificate of the token: passes; another, or none: 401', async () => {
    const mine = await token({ 'x5t#S256': thumbprint(client) })
    expect(await ask('/bound', mine, client)).toBe(200)
    expect(await ask('/bound', mine, stranger)).toBe(401)
    expect(await ask('/bound', mine)).toBe(401)
  })

  test('a token that is not bound to a certificate is for the next in the list, or refused', async () => {
    expect(await ask('/bound', await token(), client)).toBe(401)
    expect(await ask('/either', await token(), client)).toBe(200)
    expect(await ask('/either', await token({ jkt: 'x'.repeat(43) }), client)).toBe(401)
    expect(await ask('/either', await token({ 'x5t#S256': thumbprint(client) }), stranger)).toBe(401)
    expect(await ask('/either', await token({ 'x5t#S256': thumbprint(client) }))).toBe(401)
    expect(await ask('/bound', await token({ 'x5t#S256': thumbprint(client), jkt: 'x'.repeat(43) }), client)).toBe(401)
  })

  test('a header is nobody’s word where no proxy is named', async () => {
    const mine = await token({ 'x5t#S256': thumbprint(client) })
    expect(await behindProxy('/bound', mine, rfc9440(client))).toBe(401)
  })
})

const rfc9440 = ({ certificate }: Identity) => `:${certificate.raw.toString('base64')}:`
const escaped = (who: Identity) => encodeURIComponent(pem(who))

describe('behind a proxy', () => {
  test.each([
    ['/rfc9440', rfc9440],
    ['/pem', escaped],
  ] as const)('%s: its header from its address', async (path, written) => {
    const mine = await token({ 'x5t#S256': thumbprint(client) })
    expect(await behindProxy(path, mine, written(client))).toBe(200)
    expect(await behindProxy(path, mine, written(stranger))).toBe(401)
    expect(await behindProxy(path, mine)).toBe(401)
    expect(await behindProxy(path, mine, written(client), written(client))).toBe(401)
    expect(await behindProxy(path, mine, 'nonsense')).toBe(400)
    expect(await behindProxy(path, mine, '')).toBe(401)
  })

  test('the header from any other address', async () => {
    expect(await behindProxy('/elsewhere', await token({ 'x5t#S256': thumbprint(client) }), rfc9440(client))).toBe(401)
  })
})

test.each<[object, string]>([
  [{ header: 'Client-Cert', format: 'rfc9440' }, 'proxy.addresses must list'],
  [{ header: 'Client-Cert', format: 'rfc9440', addresses: ['proxy'] }, 'is no address'],
  [{ header: 'Client-Cert', format: 'rfc9440', addresses: ['10.0.0.0/99'] }, 'is no address'],
  ...['10.0.0.0/', '10.0.0.0/8/9', '10.0.0.0/0x8', '::/0', '10.0.0.0/08'].map((one): [object, string] => [
    { header: 'Client-Cert', format: 'rfc9440', addresses: [one] },
    'is no address',
  ]),
  [{ header: 'Client Cert', format: 'rfc9440', addresses: ['::1'] }, 'proxy.header must be'],
  [{ header: 'Client-Cert', format: 'der', addresses: ['::1'] }, 'proxy.format must be'],
])('wrong options: %j', (proxy, message) => {
  expect(() => certificateBound(own, { proxy } as never)).toThrow(message)
})
