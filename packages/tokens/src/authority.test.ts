import { sign, verify } from 'node:crypto'
import { inspect } from 'node:util'
import { memoryStore } from '@countersign/store'
import { authorityOf, localIssuer } from '@countersign/tokens'
import { describe, expect, test } from 'vitest'

const issuer = 'https://login.example'
const made = (more = {}) => localIssuer({ issuer, audience: 'https://api.example', store: memoryStore(), ...more })

describe('authorityOf', () => {
  test('gives the key that signs now, and the next one once it is retired', async () => {
    const own = made()
    const authority = authorityOf(own)
    const first = await authority.signing()
    const published = (await own.jwks()).keys
    expect(published.map(({ kid }) => kid)).toEqual([first.kid])
    const bytes = Buffer.from('x')
    expect(verify(null, bytes, { key: published[0] as never, format: 'jwk' }, sign(null, bytes, first.key))).toBe(true)
    await own.keys.retire(first.kid)
    expect((await authority.signing()).kid).not.toBe(first.kid)
  })

  test('judges its tokens for any audience, bound ones too, and no revoked one', async () => {
    const store = memoryStore()
    const elsewhere = made({ store, audience: 'https://other.example' })
    const own = made({ store })
    const { access_token } = await elsewhere.issue({ subject: 'anna' }, { jkt: 'a'.repeat(43) })
    expect(await own.verify(access_token)).toMatchObject({ reason: 'token.audience' })
    const judged = await authorityOf(own).verify(access_token)
    expect(judged).toMatchObject({ subject: 'anna' })
    await own.revoke(judged as never)
    expect(await authorityOf(own).verify(access_token)).toMatchObject({ reason: 'token.revoked' })
    const stranger = await localIssuer({ issuer: 'https://x.example', audience: 'x', store }).issue({ subject: 'anna' })
    expect(await authorityOf(own).verify(stranger.access_token)).toBeUndefined()
  })

  test('says up to when everything of a subject was ended', async () => {
    const own = made()
    expect(await authorityOf(own).endedUntil('anna')).toBe(-1)
    await own.sessions.endAll('anna')
    expect(await authorityOf(own).endedUntil('anna')).toBeCloseTo(Date.now() / 1000, -1)
  })

  test('verifies the signature of other JWTs of its keys', async () => {
    const own = made()
    const { access_token } = await own.issue({ subject: 'anna' })
    expect(await authorityOf(own).verifyJws(access_token)).toMatchObject({ header: { typ: 'at+jwt' } })
    const { access_token: other } = await made().issue({ subject: 'anna' })
    expect(await authorityOf(own).verifyJws(other)).toMatchObject({ code: 'invalid_token' })
  })

  test('is nothing that is printed, copied or made up', async () => {
    const own = made()
    await own.ready()
    expect(inspect(own, { showHidden: true, depth: 20 }) + JSON.stringify(own)).not.toMatch(
      /PrivateKey|\bd"?: ?['"][\w-]{40}/,
    )
    expect(() => authorityOf({ ...own })).toThrow(TypeError)
    for (const wrong of [undefined, null, {}, 'x']) expect(() => authorityOf(wrong as never)).toThrow(/localIssuer/)
  })
})
