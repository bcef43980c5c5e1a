// What the sample hosts leave off: device codes, registration, client documents, sign-out, in Debian's Chromium.
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startHost } from '@countersign/conformance'
import * as openid from 'openid-client'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { noChromium, openChromium } from '../console/chromium.ts'
import { makeCertificates } from '../domain/tls.ts'
import { authorizeIn, caught, clientPage } from './person.ts'

if (noChromium) console.warn(`\n!!! device codes and sign-out are not looked at: ${noChromium}\n`)

const ADA = { username: 'ada', password: 'correct horse battery' }

describe.skipIf(noChromium)('with everything switched on', () => {
  let browser: Browser
  let client: Awaited<ReturnType<typeof clientPage>>
  let issuer: string
  let stop: () => Promise<unknown>
  /** Documents of a client that nobody here knew, over TLS. */
  const folder = mkdtempSync(join(tmpdir(), 'countersign-'))
  const fetched: (string | undefined)[] = []
  let stranger: ReturnType<typeof createTlsServer>
  const documentId = () => `https://localhost:${(stranger.address() as AddressInfo).port}/client.json`
  /** What the shop's back channel is told. */
  const told: string[] = []
  const shop = createServer(async (request, response) => {
    told.push(`${request.url} ${Buffer.concat(await request.toArray())}`)
    response.writeHead(200).end()
  })
  beforeAll(async () => {
    await new Promise<void>((resolve) => shop.listen(0, '127.0.0.1', resolve))
    const BACKCHANNEL = `http://127.0.0.1:${(shop.address() as AddressInfo).port}/backchannel`
    const main = fileURLToPath(new URL('main.ts', import.meta.url))
    client = await clientPage()
    const { tls } = makeCertificates(folder, false)
    stranger = createTlsServer(tls, (request, response) => {
      fetched.push(request.url)
      const said = { client_id: documentId(), client_name: 'Stranger', redirect_uris: [client.back] }
      response.end(JSON.stringify({ ...said, token_endpoint_auth_method: 'none', grant_types: ['authorization_code'] }))
    })
    await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve))
    const env = { BACKCHANNEL, NODE_EXTRA_CA_CERTS: join(folder, 'server.crt') }
    const [host, chromium] = await Promise.all([startHost(main, { env }), openChromium()])
    browser = chromium
    stop = host.stop
    issuer = `http://127.0.0.1:${host.port}`
  })
  afterAll(async () => {
    shop.close()
    stranger?.close()
    rmSync(folder, { recursive: true })
    client?.close()
    await browser?.close()
    await stop?.()
  })
  const discover = (id: string) =>
    openid.discovery(new URL(issuer), id, undefined, openid.None(), { execute: [openid.allowInsecureRequests] })
  const claimsOf = (jwt: string) => JSON.parse(Buffer.from(jwt.split('.')[1] as string, 'base64url').toString())
  async function request(config: openid.Configuration, more: Readonly<Record<string, string>> = {}) {
    const verifier = openid.randomPKCECodeVerifier()
    const url = openid.buildAuthorizationUrl(config, {
      redirect_uri: client.back,
      scope: 'openid read',
      code_challenge: await openid.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      ...more,
    })
    return { url, redeem: (back: URL) => openid.authorizationCodeGrant(config, back, { pkceCodeVerifier: verifier }) }
  }

  test('device code (RFC 8628): a wrong code, the right one in small letters, compared, signed in, allowed', async () => {
    const config = await discover('tv')
    const started = await openid.initiateDeviceAuthorization(config, { scope: 'openid read' })
    const polled = openid.pollDeviceAuthorizationGrant(config, started)
    const context = await browser.newContext({ locale: 'en', viewport: { width: 360, height: 740 } })
    const page = await context.newPage()
    await page.goto(started.verification_uri)
    await page.getByLabel('Code').fill('XXXX-XXXX')
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.getByRole('alert').waitFor()
    await page.getByLabel('Code').fill(started.user_code.toLowerCase())
    await page.getByRole('button', { name: 'Continue' }).click()
    expect(await page.textContent('main')).toContain(started.user_code)
    await page.getByRole('button', { name: 'Yes, that is my device' }).click()
    await page.getByLabel('User name').fill(ADA.username)
    await page.getByLabel('Password').fill(ADA.password)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('button', { name: 'Allow', exact: true }).click()
    await page.getByRole('heading', { name: 'Done' }).waitFor()
    const { access_token } = await polled
    expect(claimsOf(access_token)).toMatchObject({ sub: 'ada', client_id: 'tv', scope: 'openid read' })
    await context.close()
  }, 60_000)

  test('device code: who says no, the device is told', async () => {
    const config = await discover('tv')
    const started = await openid.initiateDeviceAuthorization(config, { scope: 'read' })
    const polled = openid.pollDeviceAuthorizationGrant(config, started)
    const refused = expect(polled).rejects.toMatchObject({ error: 'access_denied' })
    const page = await browser.newPage({ locale: 'en' })
    await page.goto(started.verification_uri_complete as string)
    if (await page.getByRole('button', { name: 'Continue' }).isVisible())
      await page.getByRole('button', { name: 'Continue' }).click()
    await page.getByRole('button', { name: 'No', exact: true }).click()
    await refused
    await page.close()
  }, 60_000)

  test('a client that registered itself (RFC 7591) signs people in, with their consent', async () => {
    const config = await openid.dynamicClientRegistration(
      new URL(issuer),
      {
        redirect_uris: [client.back],
        client_name: 'Newcomer',
        token_endpoint_auth_method: 'none',
        grant_types: ['authorization_code'],
      },
      openid.None(),
      { execute: [openid.allowInsecureRequests] },
    )
    const { url, redeem } = await request(config)
    const context = await browser.newContext({ locale: 'en' })
    const tokens = await redeem(await authorizeIn(context, url, ADA))
    expect(claimsOf(tokens.access_token)).toMatchObject({ sub: 'ada', scope: 'openid read' })
    await context.close()
  })

  test('a client whose id is the address of its document (draft-ietf-oauth-client-id-metadata-document)', async () => {
    const config = await discover(documentId())
    expect(config.serverMetadata()).toMatchObject({ client_id_metadata_document_supported: true })
    const { url, redeem } = await request(config)
    const context = await browser.newContext({ locale: 'en' })
    const { access_token } = await redeem(await authorizeIn(context, url, ADA))
    expect(claimsOf(access_token)).toMatchObject({ sub: 'ada', client_id: documentId(), scope: 'openid read' })
    expect(fetched).toEqual(['/client.json'])
    await context.close()
  })

  test('such a document comes over TLS, from whoever its certificate is for, and says its own address', async () => {
    const elsewhere = documentId().replace('localhost', '[::ffff:127.0.0.1]')
    for (const id of [`${issuer}/client.json`, elsewhere, documentId().replace('client', 'other')]) {
      const page = await browser.newPage({ locale: 'en' })
      const url = new URL(`${issuer}/oauth/authorize?response_type=code&scope=openid&code_challenge_method=S256`)
      url.searchParams.set('client_id', id)
      url.searchParams.set('redirect_uri', client.back)
      url.searchParams.set('code_challenge', 'x'.repeat(43))
      const answer = await page.goto(url.href)
      expect(answer?.status(), id).toBe(400)
      await page.getByRole('heading', { name: 'This did not work' }).waitFor()
      await page.close()
    }
  })

  test('a client that registered itself: no cleartext redirect, and no end to what it may ask for but its users', async () => {
    const register = (more: object) =>
      fetch(`${issuer}/oauth/register`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ redirect_uris: [client.back], token_endpoint_auth_method: 'none', ...more }),
      })
    for (const uri of ['http://evil.example/cb', 'javascript:alert(1)', 'app:/cb'])
      expect((await register({ redirect_uris: [uri] })).status, uri).toBe(400)
    const { client_id: id } = (await (await register({ scope: 'read' })).json()) as { client_id: string }
    const config = await discover(id)
    const { url, redeem } = await request(config, { scope: 'read write' })
    const context = await browser.newContext({ locale: 'en' })
    const { access_token } = await redeem(await authorizeIn(context, url, ADA))
    expect(claimsOf(access_token).scope).toBe('read write')
    await context.close()
  })

  test('sign-out everywhere on the page of the account: the back channel of each application is told', async () => {
    const config = await discover('shop')
    const context = await browser.newContext({ locale: 'en' })
    const { url, redeem } = await request(config)
    await redeem(await authorizeIn(context, url, { username: 'grace', password: 'another good password' }))
    told.length = 0
    const page = await context.newPage()
    await page.goto(`${issuer}/oauth/account`)
    await page.getByRole('button', { name: 'Sign out everywhere' }).click()
    await page.waitForLoadState()
    expect(told.map((line) => claimsOf(line).sub)).toEqual(['grace'])
    told.length = 0
    await context.close()
  })

  test('sign-out: asked, back to the client; its back channel is told; who stays stays', async () => {
    const config = await discover('shop')
    const context = await browser.newContext({ locale: 'en' })
    const { url, redeem } = await request(config)
    const tokens = await redeem(await authorizeIn(context, url, ADA))
    const bye = `${client.origin}/bye`
    const out = openid.buildEndSessionUrl(config, {
      id_token_hint: tokens.id_token as string,
      post_logout_redirect_uri: bye,
      state: 'a-state',
    })
    const page = await context.newPage()
    const gone = caught(page, bye)
    await page.goto(out.href)
    await page.getByRole('button', { name: 'Sign out' }).click()
    expect((await gone).searchParams.get('state')).toBe('a-state')
    const [line = ''] = told
    expect(line).toMatch(/^\/backchannel logout_token=/)
    expect(claimsOf(line)).toMatchObject({ iss: issuer, aud: 'shop', sub: 'ada' })
    const next = await context.newPage()
    await next.goto((await request(config)).url.href)
    await next.getByLabel('User name').waitFor()
    await context.close()
  })
})
