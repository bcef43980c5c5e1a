import type { RequestView } from '@countersign/http'
import { anyOf, apiKey, bearer, policy } from '@countersign/policy'
import { remoteIssuer } from '@countersign/tokens'
import { describe, expect, test } from 'vitest'
import { type ProtectedResourceOptions, protectedResource } from './index.ts'

const made = (resource: string, more: Partial<ProtectedResourceOptions> = {}) =>
  protectedResource({ resource, issuers: [remoteIssuer('https://login.acme.com')], ...more })
const request = (...rawHeaders: readonly string[]): RequestView => ({
  headers: {},
  rawHeaders,
  method: 'POST',
  url: '/mcp',
  socket: {},
})
const local = made('http://127.0.0.1:3000/mcp')
const acme = made('https://api.acme.com/mcp')
const wide = made('https://api.acme.com:8443/mcp', {
  hosts: ['mcp.internal:8080'],
  origins: ['https://app.acme.com', 'chrome-extension://abcdef'],
})

describe('Host', () => {
  test.each<[string, ReturnType<typeof made>, readonly string[], boolean]>([
    ['its own', acme, ['Host', 'api.acme.com'], true],
    ['its own, with the port that goes without saying', acme, ['host', 'api.acme.com:443'], true],
    ['its own in capitals', acme, ['HOST', 'API.Acme.COM'], true],
    ['HTTP/2', acme, [':authority', 'api.acme.com'], true],
    ['this machine, by any of its names', local, ['Host', 'localhost:3000'], true],
    ['this machine by number', local, ['Host', '127.0.0.1:3000'], true],
    ['this machine by its other number', local, ['Host', '[::1]:3000'], true],
    ['what a proxy writes', wide, ['Host', 'mcp.internal:8080'], true],
    ['its own, where a proxy has a name too', wide, ['Host', 'api.acme.com:8443'], true],
    ['none', acme, [], false],
    ['an empty one', acme, ['Host', ''], false],
    ['a name that was bound to this machine', local, ['Host', 'evil.test:3000'], false],
    ['another port', local, ['Host', '127.0.0.1:3001'], false],
    ['no port', local, ['Host', '127.0.0.1'], false],
    ['this machine, where it is not the resource', acme, ['Host', 'localhost'], false],
    ['a suffix', acme, ['Host', 'evil-api.acme.com'], false],
    ['a prefix', acme, ['Host', 'api.acme.com.evil.test'], false],
    ['a dot at its end', acme, ['Host', 'api.acme.com.'], false],
    ['another port than the proxy’s', wide, ['Host', 'mcp.internal'], false],
    ['two', acme, ['Host', 'api.acme.com', 'Host', 'evil.test'], false],
    ['two kinds', acme, [':authority', 'evil.test', 'Host', 'api.acme.com'], false],
    ['a proxy’s word', acme, ['Host', 'evil.test', 'X-Forwarded-Host', 'api.acme.com'], false],
  ])('%s', (_what, resource, headers, passes) => {
    const error = resource.admit(request(...headers))
    expect(error?.reason).toBe(passes ? undefined : 'request.host')
    if (!passes) expect(error?.code).toBe('access_denied')
  })
})

describe('Origin', () => {
  const host = ['Host', '127.0.0.1:3000']
  test.each<[string, ReturnType<typeof made>, readonly string[], boolean]>([
    ['none: no browser', local, host, true],
    ['its own', local, [...host, 'Origin', 'http://localhost:3000'], true],
    ['its own behind https', acme, ['Host', 'api.acme.com', 'Origin', 'https://api.acme.com'], true],
    ['one that is listed', wide, ['Host', 'api.acme.com:8443', 'Origin', 'https://app.acme.com'], true],
    ['an extension that is listed', wide, ['Host', 'api.acme.com:8443', 'Origin', 'chrome-extension://abcdef'], true],
    ['another page of this machine', local, [...host, 'Origin', 'http://localhost:5173'], false],
    ['http where the resource has https', acme, ['Host', 'api.acme.com', 'Origin', 'http://api.acme.com'], false],
    ['null', local, [...host, 'Origin', 'null'], false],
    ['an empty one', local, [...host, 'Origin', ''], false],
    ['anybody’s', local, [...host, 'Origin', 'https://evil.test'], false],
    ['two', local, [...host, 'Origin', 'http://localhost:3000', 'Origin', 'https://evil.test'], false],
  ])('%s', (_what, resource, headers, passes) => {
    expect(resource.admit(request(...headers))?.reason).toBe(passes ? undefined : 'request.origin')
  })

  test('what was sent is shown to the developer alone, and moves no terminal', () => {
    const error = local.admit(request('Host', `\u001b[2J${'x'.repeat(500)}`))
    expect(error?.got).toMatch(/^"[\x20-\x7e]{90,130}"$/)
    expect(error?.detail).not.toContain('xxx')
    expect(error?.expected).toBe('127.0.0.1:3000 or localhost:3000 or [::1]:3000')
  })
})

describe('no policy forgets it', () => {
  const key = apiKey(({ key }) => (key === 'good' ? { subject: 'k' } : undefined))
  const evil = ['Host', 'evil.test:3000']
  test.each([
    ['a token', policy({ accept: bearer(local) }), ['Authorization', 'Bearer x']],
    ['nothing', policy({ accept: bearer(local) }), []],
    ['nothing, where that passes', policy({ accept: bearer(local), mode: 'optional' }), []],
    ['a key beside it', policy({ accept: anyOf(bearer(local), key) }), ['X-API-Key', 'good']],
    ['in a list', policy({ accept: bearer([remoteIssuer('https://a.test', { audience: 'b' }), local]) }), []],
  ])('%s: 403 before anything is verified', async (_what, one, credential) => {
    const verdict = await one.check(request(...evil, ...credential))
    expect(verdict).toMatchObject({ status: 403 })
    expect(verdict?.headers['www-authenticate']).not.toContain('error=')
  })

  test('a mode that passes what is wrong says that it was', async () => {
    const attempt = policy({ accept: bearer(local), mode: 'attempt' })
    const one = request(...evil, 'Authorization', 'Bearer x')
    expect(await attempt.check(one)).toBeUndefined()
    expect(attempt.decision(one)).toMatchObject({ kind: 'invalid', error: { reason: 'request.host' } })
  })
})
