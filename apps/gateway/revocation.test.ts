// Two gateways, two processes: what is revoked at one is refused at the other within two seconds.
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sqliteStore } from '@countersign/store'
import { localIssuer } from '@countersign/tokens'
import { openStore } from '@sample/domain/store'
import { afterAll, expect, test } from 'vitest'
import { listen } from './listen.ts'
import { freePort, startGateway, until } from './processes.ts'

const folder = mkdtempSync(join(tmpdir(), 'gateway-'))
afterAll(() => rmSync(folder, { recursive: true }))

const hasRedis = await new Promise<boolean>((resolve) => {
  const socket = connect(6379, '127.0.0.1')
  socket.on('connect', () => resolve(Boolean(socket.destroy()))).on('error', () => resolve(false))
})
if (!hasRedis) console.warn('\n!!! no Redis at 127.0.0.1:6379: its test is left out\n')

test('SQLite', () => revoked(`sqlite:${join(folder, 'auth.db')}`))
test.runIf(hasRedis)('Redis', () => revoked(`redis://127.0.0.1:6379?prefix=gateway-${process.pid}`))

async function revoked(location: string): Promise<void> {
  const store = location.startsWith('sqlite:') ? sqliteStore(location.slice('sqlite:'.length)) : openStore(location)
  const issuer = localIssuer({ issuer: 'https://sample.test', audience: 'https://api.sample.test', store })
  const service = await listen((_request, response) => response.end('done'))
  const ports = [await freePort(), await freePort()] as const
  const gateways = await Promise.all(
    ports.map((port) => startGateway(port, { UPSTREAM: service.url, STORE: location })),
  )
  try {
    const [token, other] = await Promise.all(
      ['usr_1', 'usr_2'].map(async (subject) => (await issuer.issue({ subject, scopes: ['posts:read'] })).access_token),
    )
    const call = async (at: 0 | 1, as: string | undefined, path = '/posts', method = 'GET') =>
      (await fetch(`http://127.0.0.1:${ports[at]}${path}`, { method, headers: { authorization: `Bearer ${as}` } }))
        .status
    // Asked before, so both remember it.
    expect([await call(0, token), await call(1, token), await call(1, other)]).toEqual([200, 200, 200])
    expect(await call(0, token, '/logout', 'POST')).toBe(204)
    expect(await call(0, token)).toBe(401)
    const took = await until(async () => (await call(1, token)) === 401, 2000)
    console.log(`revoked at one gateway, refused at the other after ${Math.round(took)} ms (${location.split(':')[0]})`)
    expect(await call(1, other)).toBe(200)
  } finally {
    await Promise.all(gateways.map((gateway) => gateway.stop()))
    await service.stop()
    await store.close()
  }
}
