import { execFile } from 'node:child_process'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { promisify } from 'node:util'
import { json, readBody } from '@countersign/http'
import { httpSignature, signAnswers, signedFetch, signWebhook } from '@countersign/http-signatures'
import { policy } from '@countersign/policy'
import { expect, test } from 'vitest'
import { runSnippet, snippetFile } from './snippet.ts'

const { publicKey, privateKey } = generateKeyPairSync('ed25519')
const PARTNER_KEY = publicKey.export({ type: 'spki', format: 'pem' }).toString()
const PRIVATE_KEY = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
const ANSWER_SECRET = randomBytes(32).toString('hex')
const JSON_TYPE = { 'content-type': 'application/json' }

test('signed-requests: a signed order passes once; unsigned, changed or again it does not; answers are signed', async () => {
  const app = await runSnippet('signed-requests.ts', { PARTNER_KEY, ANSWER_SECRET })
  try {
    const sent: [string, RequestInit | undefined][] = []
    // Clients call https://api.acme.com; here the way there is this.
    const way: typeof fetch = (input, init) => {
      sent.push([`${input}`.replace('https://api.acme.com', app.url), init])
      return fetch(...(sent.at(-1) as [string, RequestInit]))
    }
    const signed = signedFetch({ keyid: 'partner-1', algorithm: 'ed25519', key: privateKey, fetch: way })
    const post = () =>
      signed('https://api.acme.com/orders', { method: 'POST', headers: JSON_TYPE, body: '{"sku":"b-17"}' })
    const created = await post()
    expect([created.status, await created.json()]).toEqual([201, { sku: 'b-17', by: 'partner' }])

    const [url, init] = sent[0] as [string, RequestInit]
    expect((await fetch(url, init)).status).toBe(401)
    expect((await fetch(url, { method: 'POST', headers: JSON_TYPE, body: '{"sku":"b-17"}' })).status).toBe(401)
    const changing: typeof fetch = (input, own) => way(input, { ...own, body: '{"sku":"b-71"}' })
    const changed = await signedFetch({ keyid: 'partner-1', algorithm: 'ed25519', key: privateKey, fetch: changing })(
      'https://api.acme.com/orders',
      { method: 'POST', headers: JSON_TYPE, body: '{"sku":"b-17"}' },
    )
    expect([changed.status, await changed.json()]).toMatchObject([401, { code: 'invalid_token' }])

    const answer = await signed('https://api.acme.com/orders/7')
    expect(await answer.json()).toEqual({ id: '7' })
    expect(answer.headers.get('signature-input')).toMatch(/"signature";req;key="sig"\).*keyid="acme"/)
  } finally {
    app.stop()
  }
})

test('signed-client: what it sends is signed, what it prints was signed by the server', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const keys = { 'partner-1': { algorithm: 'ed25519', key: publicKey, subject: 'partner' } } as const
  const partner = policy({ accept: httpSignature({ origin, keys, replay: false }) })
  const sign = signAnswers({ origin, keyid: 'acme', algorithm: 'hmac-sha256', key: ANSWER_SECRET })
  server.on('request', async (request, response) => {
    const refused = await partner.check(request)
    if (refused?.status === undefined && request.method === 'POST')
      await readBody(request, { types: ['application/json'], limit: 1000 })
    const { status, headers, body } = refused?.status
      ? refused
      : sign(json(200, partner.principal(request).subject), request)
    response.writeHead(status, headers).end(body)
  })
  const { stdout } = await promisify(execFile)(process.execPath, [snippetFile('signed-client.ts')], {
    env: { PATH: process.env.PATH, API: origin, PRIVATE_KEY, ANSWER_SECRET },
  })
  expect(stdout).toBe('200 "partner"\n"partner"\n')
  server.close().closeAllConnections()
})

test('webhook: a message is worked on once, however often it is sent', async () => {
  const WEBHOOK_SECRET = `whsec_${randomBytes(32).toString('base64')}`
  const app = await runSnippet('webhook.ts', { WEBHOOK_SECRET })
  try {
    const body = '{"type":"order.paid"}'
    const send = (headers: object, text = body) =>
      fetch(`${app.url}/hooks`, { method: 'POST', headers: { ...JSON_TYPE, ...headers }, body: text })
    const at = (seconds: number) => ({
      secrets: [WEBHOOK_SECRET],
      id: 'msg_1',
      clock: () => Date.now() - seconds * 1000,
    })
    expect((await send(signWebhook(body, at(9)))).status).toBe(204)
    expect((await send(signWebhook(body, at(0)))).status).toBe(204)
    expect((await send(signWebhook(body, at(9)))).status).toBe(401)
    expect((await send(signWebhook(body, at(5)), '{"type":"order.free"}')).status).toBe(401)
    expect((await send({})).status).toBe(401)
    expect(app.output().match(/to do: .*/g)).toEqual(['to do: order.paid'])
  } finally {
    app.stop()
  }
})
