import { memoryStore } from '@countersign/store'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { browser, hiddenOf, post, type Running, running, through } from './flow.ts'

const GRANT = 'urn:ietf:params:oauth:grant-type:device_code'
let at: Running
let now = Date.now()
beforeAll(async () => {
  at = await running({
    deviceCodes: true,
    store: memoryStore({ clock: () => now }),
    clock: () => now,
    clients: [
      { id: 'tv', name: 'TV', grants: ['device_code', 'refresh_token'] },
      { id: 'web', redirectUris: ['https://app.example/callback'] },
    ],
  })
})
afterAll(async () => {
  expect(at.faults).toEqual([])
  await at.stop()
})

const begin = async () =>
  (
    await post(
      `${at.url}/oauth/device/auth`,
      { client_id: 'tv', scope: 'openid posts:read' },
      { 'user-agent': 'TV <9>' },
    )
  ).body
const poll = (device_code: string, client_id = 'tv') =>
  post(`${at.url}/oauth/token`, { grant_type: GRANT, device_code, client_id })

/** Types the code, compares it, signs in, consents. */
async function allow(user_code: string, user = browser(at.url)) {
  const form = await user.go('/oauth/device')
  const confirm = await user.go('/oauth/device', { xsrf: hiddenOf(form.text, 'xsrf'), user_code })
  const next = await user.go('/oauth/device', { xsrf: hiddenOf(confirm.text, 'xsrf'), user_code, confirm: 'yes' })
  const last = next.location === null ? next : await through(user, next.location)
  return { form, confirm, last, user }
}

describe('a device (RFC 8628)', () => {
  test('shows a code, waits, and gets tokens when the user has said yes', async () => {
    const started = await begin()
    expect(started.user_code).toMatch(/^[A-Z]{4}-[A-Z]{4}$/)
    expect(started.verification_uri_complete).toBe(`${at.issuer}/oauth/device?user_code=${started.user_code}`)
    expect((await poll(started.device_code)).body.error).toBe('authorization_pending')
    const { form, confirm, last } = await allow(started.user_code.toLowerCase())
    for (const page of [form, confirm, last]) {
      expect(page.header('content-security-policy')).toContain("default-src 'none'")
      expect(page.text).not.toContain('<script')
    }
    expect(confirm.text).toContain(started.user_code)
    expect(confirm.text).toContain('TV &lt;9&gt;')
    const { status, body } = await poll(started.device_code)
    expect([status, body.scope]).toEqual([200, 'openid posts:read'])
    expect(await at.own.verify(body.access_token)).toMatchObject({ subject: 'usr_anna', credential: { client: 'tv' } })
    const next = await post(`${at.url}/oauth/token`, {
      grant_type: 'refresh_token',
      refresh_token: body.refresh_token,
      client_id: 'tv',
    })
    expect(next.status).toBe(200)
  })

  test('is told how often to ask, and to slow down where it asks more, whichever process it asks', async () => {
    const second = await running({
      deviceCodes: true,
      store: at.store,
      issuer: at.own,
      clock: () => now,
      clients: [{ id: 'tv', name: 'TV', grants: ['device_code', 'refresh_token'] }],
    })
    const started = await begin()
    expect(started.interval).toBe(5)
    expect((await poll(started.device_code)).body.error).toBe('authorization_pending')
    expect((await poll(started.device_code)).body.error).toBe('slow_down')
    const there = { grant_type: GRANT, device_code: started.device_code, client_id: 'tv' }
    expect((await post(`${second.url}/oauth/token`, there)).body.error).toBe('slow_down')
    expect((await poll((await begin()).device_code)).body.error).toBe('authorization_pending')
    now += 4001
    expect((await poll(started.device_code)).body.error).toBe('authorization_pending')
    // What is there is handed over, however soon it is asked for.
    await allow(started.user_code)
    expect((await poll(started.device_code)).status).toBe(200)
    second.server.closeAllConnections()
    second.server.close()
  })

  test('without a client, and a client that has not the grant', async () => {
    const ask = (members: Record<string, string>) => post(`${at.url}/oauth/device/auth`, members)
    const [nobody, other] = [await ask({ scope: 'openid' }), await ask({ client_id: 'web', scope: 'openid' })]
    expect([nobody.status, nobody.body.error]).toEqual([401, 'invalid_client'])
    expect([other.status, other.body.error]).toEqual([400, 'unauthorized_client'])
    expect((await ask({ client_id: 'tv', scope: 'zzz' })).body.error).toBe('invalid_scope')
    expect((await ask({ client_id: 'tv', scope: 'openid offline_access posts:read' })).status).toBe(200)
  })

  test('a resource that was not granted uses no device code up', async () => {
    const started = await begin()
    await allow(started.user_code)
    const asked = { grant_type: GRANT, device_code: started.device_code, client_id: 'tv' }
    const wrong = await post(`${at.url}/oauth/token`, { ...asked, resource: 'https://evil.example' })
    expect(wrong.body.error).toBe('invalid_target')
    expect((await poll(started.device_code)).status).toBe(200)
  })

  test('its code is good once; at once, for one', async () => {
    const started = await begin()
    await allow(started.user_code)
    const all = await Promise.all(Array.from({ length: 50 }, () => poll(started.device_code)))
    const [won, ...more] = all.filter(({ status }) => status === 200)
    expect(more).toEqual([])
    expect(await at.own.verify(won?.body.access_token as string)).toMatchObject({ reason: 'token.revoked' })
    expect((await poll(started.device_code)).body.error).toBe('invalid_grant')
  })

  test('a link fills the code in, and nothing more: no script, no redirect', async () => {
    const started = await begin()
    const page = await browser(at.url).go(`/oauth/device?user_code=${started.user_code}`)
    expect([page.status, page.location]).toEqual([200, null])
    expect(page.text).toContain(`value="${started.user_code}"`)
    expect(page.text).not.toContain('<script')
    const odd = await browser(at.url).go('/oauth/device?user_code=%22%3E%3Cscript%3E')
    expect(odd.text).not.toContain('"><script')
  })

  test('no, a wrong code, none, one that was used', async () => {
    const started = await begin()
    const user = browser(at.url)
    let page = await user.go('/oauth/device')
    const type = async (members: Record<string, string>) =>
      (page = await user.go('/oauth/device', { xsrf: hiddenOf(page.text, 'xsrf'), ...members }))
    expect((await type({ user_code: 'AAAA-AAAA' })).text).toContain('role="alert"')
    expect((await type({ user_code: '' })).text).toContain('role="alert"')
    await type({ user_code: started.user_code })
    expect((await type({ user_code: started.user_code, abort: 'yes' })).text).toContain('access_denied')
    expect((await poll(started.device_code)).body.error).toBe('access_denied')
    page = await user.go('/oauth/device')
    expect((await type({ user_code: started.user_code })).text).toContain('role="alert"')
  })

  test('a form from elsewhere', async () => {
    const started = await begin()
    const user = browser(at.url)
    await user.go('/oauth/device')
    const answer = await user.go('/oauth/device', { xsrf: 'x', user_code: started.user_code, confirm: 'yes' })
    expect(answer.status).toBe(400)
    expect((await poll(started.device_code)).body.error).toBe('authorization_pending')
  })

  test('another client, no such code, a user code, a name of a row', async () => {
    const started = await begin()
    for (const [code, client] of [
      [started.device_code, 'web'],
      ['x'.repeat(43)],
      [started.user_code],
      ['~a~b'],
    ] as const)
      expect((await poll(code, client)).status).toBe(400)
    expect((await post(`${at.url}/oauth/device/auth`, { client_id: 'web' })).status).toBe(400)
  })
})
