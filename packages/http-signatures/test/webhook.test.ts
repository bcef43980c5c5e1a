// Standard Webhooks on every host: the body is judged before anybody sees it, and is there for whoever reads it then.
import { createHmac, randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import { problems, protect } from '@countersign/fastify'
import { policy } from '@countersign/policy'
import { memoryStore } from '@countersign/store'
import Fastify from 'fastify'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { signWebhook, type WebhookOptions, webhook } from '../src/index.ts'
import { exchange, HOSTS, type Host, startHost } from './hosts.ts'

const SECRET = `whsec_${randomBytes(32).toString('base64')}`
const NEXT = randomBytes(24)
const BODY = JSON.stringify({ type: 'order.paid', note: 'ünïcode' })

function sender(more: Partial<WebhookOptions<{ readonly subject: string }>> = {}) {
  return policy({
    accept: webhook({ subject: 'shop', secrets: [NEXT, SECRET], replay: memoryStore(), limit: 1000, ...more }),
  })
}

function sent(body = BODY, headers: Readonly<Record<string, string>> = {}, options: object = {}) {
  return {
    method: 'POST',
    path: '/orders',
    headers: {
      'content-type': 'application/json',
      ...signWebhook(body, { secrets: [SECRET], ...options }),
      ...headers,
    },
    body: Buffer.from(body),
  }
}

describe.each(Object.keys(HOSTS))('%s', (name) => {
  let host: Host
  beforeAll(async () => {
    host = await startHost(name, sender())
  })
  afterAll(() => host.stop())

  test.each([
    ['at once', [BODY], false, {}],
    ['chunked', [BODY], true, {}],
    ['slowly', [BODY.slice(0, 5), BODY.slice(5, 12), BODY.slice(12)], false, {}],
    ['slowly and chunked', [BODY.slice(0, 5), BODY.slice(5)], true, {}],
    ['before anybody looks', [BODY], false, { 'x-late': '1' }],
  ])('a right body passes and is read as it came, sent %s', async (_how, pieces, isChunked, headers) => {
    host.seen.length = 0
    const got = await exchange(
      host,
      sent(BODY, headers),
      pieces.map((piece) => Buffer.from(piece)),
      isChunked,
    )
    expect([got?.status, got?.body]).toEqual([200, '{"by":"shop"}'])
    expect(host.seen).toEqual([BODY])
  })

  test('a body of several buffers is read as it came', async () => {
    const long = await startHost(name, sender({ limit: 500_000 }))
    const body = JSON.stringify({ text: 'x'.repeat(90_000) })
    const got = await exchange(long, sent(body), [Buffer.from(body)], false)
    // The host's own parser stops at 1000 bytes.
    if (name.endsWith('readBody')) expect(got?.status).toBe(413)
    else expect([got?.status, long.seen]).toEqual([200, [body]])
    await long.stop()
  })

  test('a wrong body, secret, id or time is refused before a handler runs', async () => {
    host.seen.length = 0
    const own = sent()
    for (const [what, headers, body] of [
      ['another body', own.headers, BODY.replace('paid', 'free')],
      ['a longer body', own.headers, `${BODY} `],
      ['another secret', sent(BODY, {}, { secrets: [randomBytes(32)] }).headers, BODY],
      ['another id', { ...own.headers, 'webhook-id': 'msg_other' }, BODY],
      [
        'another time',
        { ...own.headers, 'webhook-timestamp': `${Number(own.headers['webhook-timestamp']) - 1}` },
        BODY,
      ],
      ['an old one', sent(BODY, {}, { clock: () => Date.now() - 331_000 }).headers, BODY],
      ['one of the future', sent(BODY, {}, { clock: () => Date.now() + 40_000 }).headers, BODY],
      [
        'of another version',
        { ...own.headers, 'webhook-signature': own.headers['webhook-signature'].replace('v1', 'v2') },
        BODY,
      ],
      ['no body', own.headers, ''],
      ['no signature', { 'content-type': 'application/json' }, BODY],
    ] as const) {
      const got = await exchange(host, { ...own, headers }, [Buffer.from(body)], false)
      expect([what, got?.status]).toEqual([what, 401])
    }
    for (const headers of [
      { ...own.headers, 'webhook-id': 'msg.1' },
      { ...own.headers, 'webhook-id': '' },
      { ...own.headers, 'webhook-timestamp': '1.5' },
      { ...own.headers, 'webhook-timestamp': '-1' },
      { ...own.headers, 'webhook-signature': 'v1,a '.repeat(20) },
      { 'content-type': 'application/json', 'webhook-id': 'msg_1' },
    ])
      expect((await exchange(host, { ...own, headers }, [Buffer.from(BODY)], false))?.status).toBe(400)
    expect(host.seen).toEqual([])
  })

  test('too long a body is 413, and nothing of it is kept', async () => {
    host.seen.length = 0
    const body = 'x'.repeat(200_000)
    for (const isChunked of [true, false])
      expect((await exchange(host, sent(body), [Buffer.from(body)], isChunked))?.status).toBe(413)
    expect(host.seen).toEqual([])
  })

  test('no byte where the head said that a body comes, or a body that breaks off', async () => {
    host.seen.length = 0
    expect((await exchange(host, sent(''), [Buffer.from('')], true))?.status).toBe(400)
    const socket = connect(host.port, '127.0.0.1')
    const head = Object.entries(sent().headers).map(([field, value]) => `${field}: ${value}\r\n`)
    socket.end(
      `POST /orders HTTP/1.1\r\nhost: a\r\ncontent-length: ${Buffer.byteLength(BODY)}\r\n${head.join('')}\r\n${BODY.slice(0, 9)}`,
    )
    await new Promise((resolve) => socket.on('close', resolve).on('error', resolve).resume())
    expect(host.seen).toEqual([])
    expect((await exchange(host, sent(), [Buffer.from(BODY)], true))?.status).toBe(200)
  })

  test('the same message counts once; sent again, with its id, it counts again', async () => {
    const clock = () => Date.now() - 5000
    const first = sent(BODY, {}, { id: 'msg_1', clock })
    const post = (one: typeof first) => exchange(host, one, [Buffer.from(BODY)], false)
    expect((await post(first))?.status).toBe(200)
    expect((await post(first))?.status).toBe(401)
    expect((await post(sent(BODY, {}, { id: 'msg_1' })))?.status).toBe(200)
  })

  test('either secret will do while one takes the place of the other', async () => {
    for (const secrets of [[NEXT], [SECRET], [randomBytes(32), NEXT]])
      expect((await exchange(host, sent(BODY, {}, { secrets }), [Buffer.from(BODY)], false))?.status).toBe(200)
  })
})

test('signs as it is published: the example of the Standard Webhooks libraries', () => {
  const headers = signWebhook('{"test": 2432232314}', {
    secrets: ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'],
    id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    clock: () => 1_614_265_330_000,
  })
  expect(headers).toEqual({
    'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    'webhook-timestamp': '1614265330',
    'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  })
})

test('a body that was read before the policy is a bug', async () => {
  const host = await startHost('Express 5', sender())
  const got = await exchange(host, { ...sent(), path: '/taken' }, [Buffer.from(BODY)], false)
  expect(got?.status).toBe(500)
  expect(host.seen).toEqual([expect.stringContaining('webhook() came too late')])
  await host.stop()
})

test('a dot in the id would make one message read as another', () => {
  const [id, at, body] = ['msg_1', '1614265330', '1614265331.{}']
  const own = createHmac('sha256', NEXT).update(`${id}.${at}.${body}`).digest('base64')
  const forged = createHmac('sha256', NEXT).update(`${id}.${at}.1614265331.{}`).digest('base64')
  expect(forged).toBe(own)
  expect(() => signWebhook('{}', { secrets: [NEXT], id: `${id}.${at}` })).toThrow('without a dot')
})

test.each([
  [{ secrets: [] }, 'secrets must be a list'],
  [{ secrets: ['whsec_short'] }, '24 to 64 bytes'],
  [{ secrets: ['no prefix'] }, '24 to 64 bytes'],
  [{ subject: '' }, 'subject'],
  [{ replay: undefined }, 'replay must be a store'],
  [{ limit: 0 }, 'limit'],
  [{ maxAge: 0 }, 'maxAge'],
  [{ leeway: -1 }, 'leeway'],
  [{ secret: SECRET }, 'did you mean "secrets"'],
])('bad options fail where it is made: %j', (more, says) => {
  expect(() => sender(more as never)).toThrow(says)
  expect(() => sender(more as never)).not.toThrow(SECRET)
})

test('behind two protects a message is judged once', async () => {
  const host = await startHost('Express 5', sender())
  const one = { ...sent(), path: '/twice' }
  expect((await exchange(host, one, [Buffer.from(BODY)], true))?.status).toBe(200)
  expect((await exchange(host, one, [Buffer.from(BODY)], true))?.status).toBe(401)
  expect(host.seen).toEqual([BODY])
  await host.stop()
})

test('a request that Fastify injects is as good as one from a socket', async () => {
  const app = Fastify()
  await app.register(problems)
  app.post('/orders', { onRequest: protect(sender()) }, async (request) => request.body)
  const post = (payload: string) => app.inject({ method: 'POST', url: '/orders', headers: sent().headers, payload })
  expect((await post(BODY)).body).toBe(BODY)
  expect((await post(BODY.replace('paid', 'free'))).statusCode).toBe(401)
  await app.close()
})
