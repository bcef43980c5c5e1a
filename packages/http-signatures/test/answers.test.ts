// Signed answers over sockets: what the server signed comes through, what anybody changed on the way does not.
import { generateKeyPairSync } from 'node:crypto'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Answer, empty, json } from '@countersign/http'
import { policy } from '@countersign/policy'
import { memoryStore } from '@countersign/store'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { contentDigest, httpSignature, signAnswers, signedFetch, verifyingFetch } from '../src/index.ts'
import { component, signer } from '../src/make-signature.ts'

const server = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const client = generateKeyPairSync('ed25519')
type Change = (answer: Answer, request: IncomingMessage) => Answer
const same: Change = (answer) => answer
let change = same
let listening: Server
let url: string
let served: Answer | undefined

beforeAll(async () => {
  listening = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => listening.once('listening', resolve))
  const origin = `http://127.0.0.1:${(listening.address() as AddressInfo).port}`
  url = `${origin}/orders?page=1`
  const keys = { 'acme-1': { algorithm: 'ed25519', key: client.publicKey, subject: 'acme' } } as const
  const caller = policy({ accept: httpSignature({ origin, keys, replay: memoryStore() }), mode: 'optional' })
  const sign = signAnswers({ origin, keyid: 'api-1', algorithm: 'ecdsa-p256-sha256', key: server.privateKey })
  listening.on('request', async (request, response) => {
    const verdict = await caller.check(request)
    const plain = request.method === 'DELETE' ? empty(204) : json(200, { for: caller.principal(request)?.subject })
    const own = sign(plain, request)
    const { status, headers, body } = verdict?.status ? verdict : change(own, request)
    served = own
    response.writeHead(status, headers).end(body)
  })
})
afterAll(() => new Promise((resolve) => listening.close(resolve).closeAllConnections()))

const keys = { 'api-1': { algorithm: 'ecdsa-p256-sha256', key: server.publicKey } } as const
const verifying = verifyingFetch({ keys })
const both = signedFetch({ keyid: 'acme-1', algorithm: 'ed25519', key: client.privateKey, fetch: verifying })

test.each([
  ['GET', '{"for":"acme"}'],
  ['POST', '{"for":"acme"}'],
  ['DELETE', ''],
  ['HEAD', ''],
])('%s: a signed request gets a signed answer', async (method, body) => {
  change = same
  const response = await both(url, { method, ...(method === 'POST' && { body: 'x' }) })
  expect([response.status, await response.text(), response.url]).toEqual([method === 'DELETE' ? 204 : 200, body, url])
  expect(response.headers.get('signature-input')).toContain('"signature";req;key="sig"')
})

test('an unsigned request gets an answer that names its method and target', async () => {
  change = same
  const response = await verifying(url)
  expect(await response.json()).toEqual({})
  expect(response.headers.get('signature-input')).not.toContain('"signature"')
})

const header =
  (name: string, value: string): Change =>
  (answer) => ({ ...answer, headers: { ...answer.headers, [name]: value } })

test.each<[string, Change, string]>([
  [
    'another body of the same length',
    ({ body, ...rest }) => ({ ...rest, body: Buffer.from(`${Buffer.from(body)}`.replace('acme', 'evil')) }),
    'digest.wrong',
  ],
  [
    'no body',
    ({ headers, ...rest }) => ({ ...rest, headers: { ...headers, 'content-length': '0' }, body: new Uint8Array() }),
    'digest.wrong',
  ],
  ['another status', (answer) => ({ ...answer, status: 201 }), 'signature.wrong'],
  ['another type', header('content-type', 'text/html'), 'signature.wrong'],
  ['another digest', header('content-digest', 'sha-256=:AAAA:'), 'signature.wrong'],
  ['a coding', header('content-encoding', 'identity'), 'content-encoding'],
  [
    'no signature',
    ({ headers: { signature: _one, 'signature-input': _two, ...headers }, ...rest }) => ({ ...rest, headers }),
    'signature.absent',
  ],
  ['an answer of before', (answer) => before ?? answer, 'signature.wrong'],
  ['a signature over less', (answer, request) => lesser(answer, request), 'signature.components'],
])('%s does not come through', async (_what, changed, reason) => {
  change = same
  await both(url)
  before = served
  change = changed
  await expect(both(url)).rejects.toThrow(reason)
  await expect(both(url)).rejects.toMatchObject({ reason })
})

/** Signed by the right key with a digest of the representation too: of this text, with these headers beside it. */
const withRepresentation =
  (text: string, more: Readonly<Record<string, string>> = {}, status = 200): Change =>
  ({ headers: { signature: _one, 'signature-input': _two, ...given }, body }, request) => {
    const headers = { ...given, ...more, 'repr-digest': contentDigest(text) } as Record<string, string>
    const { sign } = signer('test', { keyid: 'api-1', algorithm: 'ecdsa-p256-sha256', key: server.privateKey })
    const req = [['req', true]] as const
    const asked = { method: request.method ?? '', url, rawHeaders: request.rawHeaders }
    const fields = sign({ status, rawHeaders: Object.entries(headers).flat(), request: asked }, [
      ...['@status', 'content-digest', 'repr-digest'].map((name) => component(name)),
      ...['@method', '@target-uri'].map((name) => component(name, req)),
      component('signature', [...req, ['key', 'sig']]),
    ])
    return { status, headers: { ...headers, ...fields }, body }
  }

test('a digest of the representation that is covered is judged too, where the body is the representation', async () => {
  change = withRepresentation('{"for":"acme"}')
  expect(await (await both(url)).json()).toEqual({ for: 'acme' })
  change = withRepresentation('{"for":"evil"}')
  await expect(both(url)).rejects.toMatchObject({ reason: 'digest.wrong' })
  change = withRepresentation('{"for":"acme"}', { 'content-range': 'bytes 0-13/99' }, 206)
  await expect(both(url)).rejects.toMatchObject({ reason: 'digest.representation' })
  change = withRepresentation('{"for":"evil"}')
  expect((await both(url, { method: 'HEAD' })).status).toBe(200) // there is no body to be wrong
})

let before: Answer | undefined
/** Signed by the right key, as an answer to nobody's signature. */
const lesser: Change = (answer, { method, url: path }) => {
  const sign = signAnswers({
    origin: new URL(url).origin,
    keyid: 'api-1',
    algorithm: 'ecdsa-p256-sha256',
    key: server.privateKey,
  })
  return sign(answer, { rawHeaders: [], headers: {}, method, url: path, socket: {} })
}

test('too long an answer, an unknown key, an old one', async () => {
  change = same
  await expect(verifyingFetch({ keys, limit: 1 })(url)).rejects.toMatchObject({
    reason: 'body.length',
  })
  await expect(verifyingFetch({ keys: {} })(url)).rejects.toMatchObject({ reason: 'signature.key' })
  const later = () => Date.now() + 331_000
  await expect(verifyingFetch({ keys, clock: later })(url)).rejects.toMatchObject({ reason: 'signature.created' })
})

test('a redirect carries no signature elsewhere', async () => {
  change = () => empty(307, { location: '/other' })
  await expect(signedFetch({ keyid: 'acme-1', algorithm: 'ed25519', key: client.privateKey })(url)).rejects.toThrow(
    TypeError,
  )
  const manual = await signedFetch({ keyid: 'acme-1', algorithm: 'ed25519', key: client.privateKey })(url, {
    redirect: 'manual',
  })
  expect(manual.status).toBe(307)
})

test('a whole request as input, with its body and headers', async () => {
  change = same
  const request = new Request(url, { method: 'POST', body: new URLSearchParams({ a: '1' }), headers: { 'x-own': '1' } })
  expect(await (await both(request)).json()).toEqual({ for: 'acme' })
})
