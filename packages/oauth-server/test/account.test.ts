import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { browser, codeFor, hiddenOf, type Running, redeem, running } from './flow.ts'

let at: Running
beforeAll(async () => {
  at = await running()
})
afterAll(async () => {
  expect(at.faults).toEqual([])
  await at.stop()
})

const valuesOf = (text: string, name: string) =>
  [...text.matchAll(new RegExp(`name="${name}" value="([^"]*)"`, 'g'))].map(([, value]) => value as string)

describe('the page of the account', () => {
  test('lists what is connected, and disconnects it: its tokens are dead at once', async () => {
    const got = await codeFor(at, { scope: 'openid posts:read' }, { username: 'ben' })
    const { body } = await redeem(at, got)
    const page = await got.user.go('/oauth/account')
    expect(page.text).toContain('Web')
    expect(page.header('content-security-policy')).toContain("default-src 'none'")
    const [app] = valuesOf(page.text, 'disconnect')
    const done = await got.user.go('/oauth/account', { csrf: hiddenOf(page.text), disconnect: app as string })
    expect([done.status, done.location]).toEqual([303, '/oauth/account'])
    expect(await at.own.verify(body.access_token)).toMatchObject({ reason: 'token.revoked' })
    expect(valuesOf((await got.user.go('/oauth/account')).text, 'disconnect')).toEqual([])
  })

  test('ends a sign-in elsewhere, and leaves this one', async () => {
    const here = await codeFor(at, {}, { username: 'ben' })
    const there = await codeFor(at, {}, { username: 'ben' })
    const [mine, theirs] = [(await redeem(at, here)).body, (await redeem(at, there)).body]
    const seen = await here.user.go('/oauth/account')
    const sessions = valuesOf(seen.text, 'end')
    const own = valuesOf((await there.user.go('/oauth/account')).text, 'end')
    expect(sessions.toSorted()).toEqual(own.toSorted())
    const theirPage = (await there.user.go('/oauth/account')).text
    const current = /<strong>This browser<\/strong>[\s\S]*?name="end" value="([^"]*)"/.exec(theirPage)?.[1] as string
    expect(sessions).toContain(current)
    await here.user.go('/oauth/account', { csrf: hiddenOf(seen.text), end: current })
    expect(await at.own.verify(theirs.access_token)).toMatchObject({ reason: 'token.revoked' })
    expect(await at.own.verify(mine.access_token)).toMatchObject({ subject: 'usr_ben' })
    expect((await there.user.go('/oauth/account')).status).toBe(403)
    expect((await here.user.go('/oauth/account')).status).toBe(200)
  })

  test('everywhere: nothing is left, sessions of the login included', async () => {
    const here = await codeFor(at, {}, { username: 'ben' })
    const { access_token } = (await redeem(at, here)).body
    const login = await at.own.issue({ subject: 'usr_ben' })
    const page = await here.user.go('/oauth/account')
    await here.user.go('/oauth/account', { csrf: hiddenOf(page.text), everywhere: '1' })
    for (const token of [access_token, login.access_token])
      expect(await at.own.verify(token)).toMatchObject({ reason: 'token.revoked' })
    expect((await here.user.go('/oauth/account')).status).toBe(403)
  })

  test("another's app or session is nobody's business; a form from elsewhere changes nothing", async () => {
    const anna = await codeFor(at, {}, { username: 'anna' })
    const { body } = await redeem(at, anna)
    const annas = await anna.user.go('/oauth/account')
    await new Promise((done) => setTimeout(done, 1100)) // Ben's "everywhere" is over
    const ben = await codeFor(at, {}, { username: 'ben' })
    const bens = await ben.user.go('/oauth/account')
    const [app] = valuesOf(annas.text, 'disconnect')
    const [session] = valuesOf(annas.text, 'end')
    const csrf = hiddenOf(bens.text)
    await ben.user.go('/oauth/account', { csrf, disconnect: app as string })
    await ben.user.go('/oauth/account', { csrf, end: session as string })
    expect(await at.own.verify(body.access_token)).toMatchObject({ subject: 'usr_anna' })
    for (const wrong of ['', csrf])
      expect((await anna.user.go('/oauth/account', { csrf: wrong, disconnect: app as string })).status).toBe(403)
    const right = { csrf: hiddenOf(annas.text), disconnect: app as string }
    expect((await anna.user.go('/oauth/account', right, { 'sec-fetch-site': 'cross-site' })).status).toBe(403)
    expect(await at.own.verify(body.access_token)).toMatchObject({ subject: 'usr_anna' })
  })

  test('nobody signed in', async () => {
    expect((await browser(at.url).go('/oauth/account')).status).toBe(403)
    expect((await browser(at.url).go('/oauth/account', { csrf: 'x', everywhere: '1' })).status).toBe(403)
  })
})
