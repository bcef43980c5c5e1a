// R01: the eleventh failed login in the window, with another X-Forwarded-For, IPv6 in the same /64, other case of the user name.
import { hashPassword, passwordLogin } from '@countersign/passwords'
import { describe, expect, it } from 'vitest'
import { loginLimits } from '../src/index.ts'
import { HOSTS, startHost } from './login-hosts.ts'

const passwordHash = await hashPassword('right')
const find = (name: string) => (/^ada$/i.test(name) ? { subject: 'usr_ada', passwordHash } : undefined)
const SPELLINGS = ['ada', 'ADA', 'Ada', ' ada', 'ａｄａ', 'aDa', 'ada\u200b', 'adA', 'ADa', 'AdA']

for (const [name, { trusts }] of Object.entries(HOSTS)) {
  describe(name, () => {
    /** Another header each time: believed from a proxy, where it is another address of the same /64 network. */
    const forwarded = (at: number) => ({
      'x-forwarded-for': trusts ? `9.9.9.${at}, 2001:db8:0:${at % 2 ? '7' : '07'}:${at}::${at}` : `203.0.113.${at}`,
      forwarded: `for=203.0.113.${at}`,
      'x-real-ip': `203.0.113.${at}`,
    })

    for (const [whose, username] of [
      ['a user', 'ada'],
      ['nobody', 'nobody'],
    ] as const) {
      it(`the eleventh failed login of ${whose} is 429 with Retry-After, one bucket`, async () => {
        const users = passwordLogin({ find, limits: loginLimits() })
        const host = await startHost(name, (body, request) => users.require(body, request))
        try {
          for (let at = 0; at < 10; at++) {
            const spelling = username === 'ada' ? (SPELLINGS[at] as string) : username
            const failed = await host.post({ username: spelling, password: `wrong ${at}` }, forwarded(at))
            expect([at, failed.status]).toEqual([at, 401])
          }
          const { status, headers, body } = await host.post(
            { username: username.toUpperCase(), password: 'right' },
            forwarded(11),
          )
          expect([status, JSON.parse(body)]).toMatchObject([
            429,
            { code: 'too_many_requests', detail: 'Too many failed logins. Try again later.' },
          ])
          expect(Number(headers['retry-after'])).toBeGreaterThan(880)
          expect(Number(headers['retry-after'])).toBeLessThanOrEqual(900)
          expect(headers['ratelimit-policy']).toBe('"failed-logins";q=10;w=900')
          expect(headers['www-authenticate']).toBeUndefined()
          // Another user from there, and that user from elsewhere, are other buckets.
          expect((await host.post({ username: 'bob', password: 'wrong' }, forwarded(12))).status).toBe(401)
          const elsewhere = trusts
            ? await host.post({ username, password: 'wrong' }, { 'x-forwarded-for': '2001:db8:0:8::1' })
            : await host.post({ username, password: 'wrong' }, forwarded(13), '127.0.0.2')
          expect(elsewhere.status).toBe(401)
        } finally {
          await host.stop()
        }
      })
    }

    it('a login with the right password ends the budget that was used up to nine', async () => {
      const users = passwordLogin({ find, limits: loginLimits() })
      const host = await startHost(name, (body, request) => users.require(body, request))
      try {
        for (let round = 0; round < 3; round++) {
          for (let at = 0; at < 9; at++) await host.post({ username: 'ada', password: 'wrong' })
          expect((await host.post({ username: 'ada', password: 'right' })).status).toBe(200)
        }
      } finally {
        await host.stop()
      }
    })
  })
}
