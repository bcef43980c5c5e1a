import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { runSnippet } from './snippet.ts'

test('https-only: browsers are sent on, programs refused, and a key that came in the clear is over', async () => {
  const app = await runSnippet('https-only.ts', { STORE: ':memory:', DEMO: '1' })
  // Not by fetch, which calls itself a script.
  const get = async (headers: Record<string, string>) => {
    const asked = request(`${app.url}/me`, { headers: { host: 'api.acme.com', ...headers } }).end()
    const [answer] = (await once(asked, 'response')) as [IncomingMessage]
    return { status: answer.statusCode, headers: answer.headers, body: await text(answer) }
  }
  try {
    const key = /key: (\S+)/.exec(app.output())?.[1] ?? ''
    const page = await get({ accept: 'text/html' })
    expect([page.status, page.headers.location]).toEqual([308, 'https://api.acme.com/me'])
    expect((await get({ accept: 'application/json' })).status).toBe(403)
    expect((await get({ host: 'evil.example', 'x-forwarded-proto': 'https' })).status).toBe(400)
    const tls = { 'x-forwarded-proto': 'https', 'x-api-key': key }
    const good = await get(tls)
    expect([good.status, JSON.parse(good.body)]).toEqual([200, { subject: 'ada' }])
    expect(good.headers['strict-transport-security']).toBe('max-age=63072000')
    expect((await get({ 'x-api-key': key })).status).toBe(403)
    expect((await get(tls)).status).toBe(401)
  } finally {
    app.stop()
  }
})
