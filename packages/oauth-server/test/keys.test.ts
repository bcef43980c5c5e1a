import { memoryStore } from '@countersign/store'
import { decodeProtectedHeader } from 'jose'
import { describe, expect, test } from 'vitest'
import { codeFor, hiddenOf, post, redeem, running } from './flow.ts'

const kidOf = (token: string) => decodeProtectedHeader(token).kid

describe('the keys of the issuer', () => {
  test('a key that turns while codes are under way: what was issued verifies, what comes is signed anew', async () => {
    const at = await running()
    const first = await redeem(at, await codeFor(at))
    const waiting = await codeFor(at)
    const [before] = await at.own.keys.list()
    await at.own.keys.retire('none').catch(() => {})
    await at.own.keys.rotate()
    // The next key takes over at once, as in an emergency, without ending what the first signed: by a clock that is ahead.
    const later = await running(
      { store: at.store, clients: [{ id: 'web', redirectUris: ['https://app.example/callback'] }] },
      { issuer: at.issuer, clock: () => Date.now() + 86_500_000, maxLifetime: 604_800 },
    )
    const key = (await later.own.keys.list()).find(({ state }) => state === 'active')
    expect(key?.kid).not.toBe(before?.kid)
    const second = await redeem(later, waiting)
    expect([kidOf(first.body.access_token), kidOf(first.body.id_token)]).toEqual([before?.kid, before?.kid])
    expect([kidOf(second.body.access_token), kidOf(second.body.id_token)]).toEqual([key?.kid, key?.kid])
    const { keys } = await at.own.jwks()
    expect(keys.map(({ kid }) => kid).toSorted()).toEqual([before?.kid, key?.kid].toSorted())
    later.server.closeAllConnections()
    later.server.close()
    await at.stop()
  })

  test('a key that is retired is refused here as elsewhere, and signing goes on with the next, without a restart', async () => {
    const at = await running()
    const got = await codeFor(at)
    const { body } = await redeem(at, got)
    const waiting = await codeFor(at)
    const [before] = await at.own.keys.list()
    await at.own.keys.retire(before?.kid as string)
    const next = await redeem(at, waiting)
    expect(next.status).toBe(200)
    expect(kidOf(next.body.access_token)).not.toBe(before?.kid)
    expect(await at.own.verify(next.body.access_token)).toMatchObject({ subject: 'usr_anna' })
    expect(await at.own.verify(body.access_token)).toMatchObject({ code: 'invalid_token' })
    const refreshed = await post(`${at.url}/oauth/token`, {
      grant_type: 'refresh_token',
      refresh_token: body.refresh_token,
      client_id: 'web',
    })
    expect(kidOf(refreshed.body.access_token)).toBe(kidOf(next.body.access_token))
    const userinfo = await fetch(`${at.url}/oauth/userinfo`, {
      headers: { authorization: `Bearer ${refreshed.body.access_token}` },
    })
    expect(userinfo.status).toBe(200)
    expect(at.faults).toEqual([])
    await at.stop()
  })

  test.each(['ES256', 'RS256', 'EdDSA'] as const)('%s', async (algorithm) => {
    const at = await running({}, { algorithm })
    const got = await codeFor(at)
    const { body } = await redeem(at, got)
    expect([decodeProtectedHeader(body.access_token).alg, decodeProtectedHeader(body.id_token).alg]).toEqual([
      algorithm,
      algorithm,
    ])
    expect(await at.own.verify(body.access_token)).toMatchObject({ subject: 'usr_anna' })
    const metadata = (await (await fetch(`${at.url}/.well-known/openid-configuration`)).json()) as Record<
      string,
      unknown
    >
    expect(metadata.id_token_signing_alg_values_supported).toEqual([algorithm])
    const page = await got.user.go(`/oauth/logout?id_token_hint=${body.id_token}`)
    expect(hiddenOf(page.text, 'xsrf')).not.toBe('')
    await at.stop()
  })

  test('an ID token of the key before is still a good hint', async () => {
    const at = await running({}, { store: memoryStore() })
    const got = await codeFor(at)
    const { body } = await redeem(at, got)
    const later = await running(
      { store: at.store },
      { issuer: at.issuer, algorithm: 'ES256', store: at.store, rotation: { ahead: 2 } },
    )
    await later.own.keys.rotate()
    const page = await got.user.go(`/oauth/logout?id_token_hint=${body.id_token}`)
    expect(hiddenOf(page.text, 'xsrf')).not.toBe('')
    later.server.closeAllConnections()
    later.server.close()
    await at.stop()
  })
})
