import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { CodeReuse, OAuthIssued, OAuthRefused } from '@countersign/oauth-server'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { basic, codeFor, post, type Running, redeem, running } from './flow.ts'

const told: Record<string, unknown[]> = {
  'countersign:oauth-issued': [],
  'countersign:oauth-refused': [],
  'countersign:code-reuse': [],
}
const hear = (message: unknown, name: string | symbol) => void told[String(name)]?.push(message)
let at: Running
beforeAll(async () => {
  for (const name of Object.keys(told)) subscribe(name, hear)
  at = await running()
})
afterAll(async () => {
  for (const name of Object.keys(told)) unsubscribe(name, hear)
  await at.stop()
})
const last = <T>(name: string) => told[name]?.at(-1) as T

test('what is issued, to whom, and what is refused; no secret in either', async () => {
  const service = await post(`${at.url}/oauth/token`, { grant_type: 'client_credentials' }, basic('service'))
  expect(last<OAuthIssued>('countersign:oauth-issued')).toEqual({
    at: expect.any(Number),
    issuer: at.issuer,
    client: 'service',
    grant: 'client_credentials',
    scopes: ['posts:read', 'posts:write'],
    id: expect.any(String),
  })
  await post(`${at.url}/oauth/token`, { grant_type: 'client_credentials' }, basic('service', 'canary-of-a-secret'))
  expect(last<OAuthRefused>('countersign:oauth-refused')).toMatchObject({
    client: 'service',
    place: '/token',
    error: 'invalid_client',
  })
  const got = await codeFor(at)
  const { body } = await redeem(at, got)
  const { session, subject } = last<OAuthIssued>('countersign:oauth-issued')
  expect([session, subject]).toEqual([
    JSON.parse(Buffer.from(body.access_token.split('.')[1] as string, 'base64url').toString()).sid,
    'usr_anna',
  ])
  await redeem(at, got)
  expect(last<CodeReuse>('countersign:code-reuse')).toMatchObject({
    client: 'web',
    session,
    what: 'authorization_code',
  })
  const all = JSON.stringify(told)
  for (const secret of [
    service.body.access_token,
    body.access_token,
    body.refresh_token,
    got.code,
    got.verifier,
    'canary-of-a-secret',
  ])
    expect(all).not.toContain(secret)
})

test('a code that comes twice at the same moment is told too', async () => {
  const before = told['countersign:code-reuse']?.length ?? 0
  const got = await codeFor(at)
  await Promise.all(Array.from({ length: 20 }, () => redeem(at, got)))
  expect(told['countersign:code-reuse']?.length).toBeGreaterThan(before)
})
