import { authError, messageOf, type RequestView, type TokenVerifier } from '@countersign/http'
import { describe, expect, test, vi } from 'vitest'
import { bearer, policy } from './index.ts'

const AWAY = authError('access_denied', 'test.away')
const request = (...rawHeaders: readonly string[]): RequestView => ({
  headers: {},
  rawHeaders,
  method: 'GET',
  url: '/',
  socket: {},
})

describe('a verifier that admits requests', () => {
  test('is asked before the token is read, with or without one, as a method of its own', async () => {
    const verify = vi.fn(() => ({ subject: 'ada' }))
    class Door implements TokenVerifier {
      readonly verify = verify
      readonly open = 'yes'
      admit(request: RequestView) {
        return messageOf(request).rawHeaders.includes(this.open) ? undefined : AWAY
      }
    }
    const one = policy({ accept: bearer(new Door()) })
    expect(await one.check(request('Authorization', 'Bearer x'))).toMatchObject({ status: 403, error: AWAY })
    expect(await one.check(request())).toMatchObject({ status: 403, error: AWAY })
    expect(await one.check(request('Authorization', 'Bearer x y'))).toMatchObject({ status: 403, error: AWAY })
    expect(verify).not.toHaveBeenCalled()
    expect(await one.check(request('Authorization', 'Bearer x', 'X-Door', 'yes'))).toBeUndefined()
    expect(await one.check(request('X-Door', 'yes'))).toMatchObject({ status: 401 })
  })

  test('each of a list is asked; explain says who was turned away, and why', async () => {
    const shut: TokenVerifier = { verify: () => undefined, admit: () => AWAY }
    const open: TokenVerifier = { verify: () => ({ subject: 'ada' }), admit: () => undefined }
    const one = policy({ accept: bearer([open, shut]) })
    expect(await one.check(request('Authorization', 'Bearer x'))).toMatchObject({ status: 403 })
    const { passed, steps } = await one.explain(request('Authorization', 'Bearer x'))
    expect(passed).toBe(false)
    expect(JSON.stringify(steps)).toContain('test.away')
  })
})
