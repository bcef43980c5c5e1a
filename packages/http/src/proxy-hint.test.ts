import { setImmediate } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

let proxyHint: typeof import('./proxy-hint.ts').proxyHint
const warnings: (Error & { readonly code?: string })[] = []
const listen = (warning: Error) => void warnings.push(warning)
beforeEach(async () => {
  await setImmediate() // warnings come late
  vi.resetModules() // a process warns once
  ;({ proxyHint } = await import('./proxy-hint.ts'))
  warnings.length = 0
  process.on('warning', listen)
})
afterEach(() => void process.off('warning', listen))

const from = (remoteAddress: string | undefined, rawHeaders: readonly string[], more: object = {}) => ({
  headers: {},
  rawHeaders,
  socket: { remoteAddress },
  ...more,
})

describe('a proxy that said https and was not heard', () => {
  it.each([
    [['X-Forwarded-Proto', 'https'], 'X-Forwarded-Proto'],
    [['x-forwarded-proto', 'http, HTTPS'], 'X-Forwarded-Proto'],
    [['Forwarded', 'for=192.0.2.1;proto=https'], 'Forwarded'],
    [['forwarded', 'for=192.0.2.1, for=10.0.0.1; Proto="https"'], 'Forwarded'],
    [['X-Forwarded-Proto', 'http'], undefined],
    [['Forwarded', 'for=192.0.2.1;proto=http'], undefined],
    [['X-Forwarded-For', '192.0.2.1'], undefined],
    [[], undefined],
  ])('%j: %s', (headers, name) => {
    expect(proxyHint(from('203.0.113.9', headers), 'https')).toBe(name)
  })
})

describe('a proxy that said for whom it came and was not heard', () => {
  it.each([
    '127.0.0.1',
    '::1',
    '::ffff:127.0.0.1',
    '10.1.2.3',
    '172.31.0.1',
    '192.168.0.1',
    '100.64.0.1',
    'fd00::1',
    'fe80::1%eth0',
  ])('from %s', (peer) => {
    expect(proxyHint(from(peer, ['X-Forwarded-For', '192.0.2.1']), 'address')).toBe('X-Forwarded-For')
    expect(proxyHint(from(peer, ['Forwarded', 'for=192.0.2.1'], { ip: peer }), 'address')).toBe('Forwarded')
  })

  it.each([
    ['a public peer: anybody', '203.0.113.9', ['X-Forwarded-For', '192.0.2.1'], {}],
    ['it was heard', '127.0.0.1', ['X-Forwarded-For', '192.0.2.1'], { ip: '192.0.2.1' }],
    ['its client is on its own machine', '::ffff:127.0.0.1', ['X-Forwarded-For', '127.0.0.1'], { ip: '127.0.0.1' }],
    ['it said nothing', '127.0.0.1', ['X-Forwarded-Proto', 'https'], {}],
    ['there is no address', undefined, ['X-Forwarded-For', '192.0.2.1'], {}],
  ])('not where %s', (_why, peer, headers, more) => {
    expect(proxyHint(from(peer, headers, more), 'address')).toBeUndefined()
  })
})

describe('the warning', () => {
  it('comes once a process, and names header, peer and what to set, never what the header said', async () => {
    for (let times = 0; times < 3; times++) {
      proxyHint(from('::ffff:10.0.0.7', ['X-Forwarded-For', '198.51.100.77']), 'address')
      proxyHint(from('10.0.0.7', ['X-Forwarded-Proto', 'https']), 'https')
    }
    await setImmediate()
    expect(warnings).toHaveLength(1)
    expect(warnings[0]?.code).toBe('COUNTERSIGN_PROXY')
    expect(warnings[0]?.message).toContain('from 10.0.0.7 had the header X-Forwarded-For')
    expect(warnings[0]?.message).toContain("app.set('trust proxy', '10.0.0.7')")
    expect(warnings[0]?.message).toContain("trustProxy: '10.0.0.7'")
    expect(warnings[0]?.message).not.toContain('198.51')
  })

  it('says of Forwarded that no framework reads it', async () => {
    proxyHint(from('10.0.0.7', ['Forwarded', 'for=198.51.100.77']), 'address')
    await setImmediate()
    expect(warnings[0]?.message).toContain('Neither reads Forwarded')
  })

  it('does not come for what is no hint', async () => {
    proxyHint(from('203.0.113.9', ['X-Forwarded-For', '198.51.100.77']), 'address')
    proxyHint(from('203.0.113.9', ['X-Forwarded-Proto', 'http']), 'https')
    await setImmediate()
    expect(warnings).toEqual([])
  })
})
