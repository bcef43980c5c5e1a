// AUDIT=FILE on every host: the same lines for the same requests, and no secret in any.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type RunningHost, startHost } from '@countersign/conformance'
import { afterAll, describe, expect, test } from 'vitest'
import { HOSTS } from './hosts.ts'

const folder = mkdtempSync(join(tmpdir(), 'countersign-audit-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const TRACE = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
const CANARY = /CANARY|Q0FOQVJZ|pwdforapitest/

type Line = Readonly<Record<string, unknown>>

/** What is told of a host's requests, one after the other, in one order on all of them. */
async function told(name: string, main: string): Promise<{ readonly lines: readonly Line[]; readonly raw: string }> {
  const file = join(folder, `${name}.log`)
  const host = await startHost(main, { env: { AUDIT: file } })
  const secrets: string[] = [host.demoKey]
  try {
    await requests(host, secrets)
  } finally {
    await host.stop()
  }
  const raw = readFileSync(file, 'utf8')
  for (const secret of secrets)
    expect(raw.includes(secret), `a secret of ${secret.length} characters is in the log`).toBe(false)
  return {
    raw,
    lines: raw
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Line),
  }
}

async function requests(host: RunningHost, secrets: string[]): Promise<void> {
  const { access_token, refresh_token } = await host.login('admintak', 'pwdforapitest')
  secrets.push(access_token, refresh_token)
  const bearer = ['Authorization', `Bearer ${access_token}`] as const
  await host.send({
    path: '/me?token=CANARY-query',
    headers: [bearer, ['traceparent', TRACE], ['X-Request-Id', 'req-1']],
  })
  await host.send({ path: '/me', headers: [['Authorization', 'Bearer CANARY-token']] })
  await host.send({
    path: '/me',
    headers: [
      ['X-API-Key', 'CANARY-key'],
      ['Cookie', 'a=CANARY-cookie'],
    ],
  })
  await host.send({ path: '/me', headers: [['Authorization', `Basic ${btoa('CANARY-user:CANARY-password')}`]] })
  await host.send({ path: '/posts/1', headers: [['Authorization', `Bearer ${host.mint({ claims: { scope: '' } })}`]] })
  await host.send({ path: '/me' })
  const type = ['Content-Type', 'application/json'] as const
  await host.send({
    method: 'POST',
    path: '/login',
    headers: [type],
    body: '{"username":"CANARY-a","password":"CANARY-b"}',
  })
  await host.send({ method: 'POST', path: '/logout', headers: [bearer] })
}

/** What is another at each run and on each machine. */
function normalised({ datetime, credential_id, session, hostname, ...rest }: Line): Line {
  expect(datetime).toMatch(/^\d{4}-\d\d-\d\dT/)
  expect(hostname).toBeTypeOf('string')
  return {
    ...rest,
    ...(credential_id !== undefined && { credential_id: '…' }),
    ...(session !== undefined && { session: '…' }),
  }
}

test('the same on every host, in words of OWASP, without a secret', async () => {
  let first: readonly Line[] | undefined
  for (const [name, main] of Object.entries(HOSTS)) {
    const { lines, raw } = await told(name, main)
    expect(raw, name).not.toMatch(CANARY)
    const these = lines.map(normalised).map(({ request_id: _, ...line }) => line)
    first ??= these
    expect(these, name).toEqual(first)
  }
  expect(first).toMatchObject([
    // The sample makes a key as it starts.
    { event: 'authn_token_created', source: 'countersign:api-key' },
    { event: 'authn_login_success', subject: 'usr_admintak' },
    {
      event: 'authz_allowed',
      request_uri: '/me',
      trace_id: '0af7651916cd43dd8448eb211c80319c',
      source_ip: '127.0.0.1',
    },
    { event: 'authn_login_fail', decision: 'refused', code: 'invalid_token', scheme: 'bearer', policy: 'caller' },
    { event: 'authn_login_fail', decision: 'refused', code: 'invalid_token', scheme: 'apiKey' },
    { event: 'authn_login_fail', decision: 'refused', code: 'invalid_credentials', scheme: 'basic' },
    { event: 'authz_fail', decision: 'refused', code: 'insufficient_scope', request_uri: '/posts/1' },
    { event: 'authn_login_fail', decision: 'refused', code: 'unauthenticated', level: 'INFO' },
    { event: 'authn_login_fail', decision: 'refused', code: 'invalid_credentials', request_uri: '/login' },
    { event: 'authz_allowed', decision: 'allowed', request_uri: '/logout' },
    { event: 'authn_token_revoked' },
  ])
}, 60_000)

describe.each(Object.entries(HOSTS))('%s, with a full disk for its log', (_name, main) => {
  test.runIf(existsSync('/dev/full'))('F19: reads go on, keys are 503, and nothing hangs', async () => {
    const host = await startHost(main, { env: { AUDIT: '/dev/full' } })
    try {
      const { access_token } = await host.login('admintak', 'pwdforapitest')
      const headers = [['Authorization', `Bearer ${access_token}`]] as const
      await sleep(200)
      for (let at = 0; at < 20; at++) expect((await host.send({ path: '/me', headers })).status).toBe(200)
      const keys = await host.send({ path: '/api-keys', headers })
      expect([keys.status, JSON.parse(keys.body.toString()).code]).toEqual([503, 'temporarily_unavailable'])
    } finally {
      await host.stop()
    }
  })
})
