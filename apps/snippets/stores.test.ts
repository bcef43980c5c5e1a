// Snippets that need a database: where it is missing they are left out, and the console says so.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { hashPassword } from '@countersign/passwords'
import { expect, test } from 'vitest'
import { drop, hasPostgres, newSchema, postgres } from '../../packages/store-postgres/test/postgres.ts'
import { clear, hasRedis, newPrefix, REDIS } from '../../packages/store-redis/test/redis.ts'
import { runSnippet, snippetFile } from './snippet.ts'

test.skipIf(!hasPostgres)('(b) fastify-postgres: users and security state in one database', async () => {
  const url = await newSchema()
  await postgres('CREATE TABLE users (id text PRIMARY KEY, name text UNIQUE, password text)', [], url)
  await postgres('INSERT INTO users VALUES ($1, $2, $3)', ['user-1', 'ada', await hashPassword('correct horse')], url)
  const [app, other] = (await Promise.all(
    [1, 2].map(() => runSnippet('fastify-postgres.ts', { DATABASE_URL: url })),
  )) as [Awaited<ReturnType<typeof runSnippet>>, Awaited<ReturnType<typeof runSnippet>>]
  const post = (path: string, value: unknown, token?: string) =>
    fetch(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
      body: JSON.stringify(value),
    })
  const me = (at: string, token: string) => fetch(`${at}/me`, { headers: { authorization: `Bearer ${token}` } })
  try {
    const login = await post(`${app.url}/login`, { username: 'ada', password: 'correct horse' })
    expect(login.headers.get('cache-control')).toBe('no-store')
    const { refresh_token } = (await login.json()) as { refresh_token: string }
    const refreshed = await post(`${other.url}/refresh`, { refresh_token })
    const next = (await refreshed.json()) as { access_token: string; refresh_token: string }
    expect(next.refresh_token).not.toBe(refresh_token)
    expect(await (await me(app.url, next.access_token)).json()).toEqual({ user: 'user-1' })
    expect((await post(`${other.url}/logout`, {}, next.access_token)).status).toBe(204)
    await expect.poll(async () => (await me(app.url, next.access_token)).status, { timeout: 2_000 }).toBe(401)
    expect((await post(`${app.url}/login`, { username: 'ada', password: 'x' })).status).toBe(401)
  } finally {
    app.stop()
    other.stop()
    await drop(url)
  }
})

test.skipIf(!hasRedis)('redis-sessions: keys and tokens on one Redis', async () => {
  const prefix = newPrefix()
  const env = { REDIS_URL: REDIS, PREFIX: prefix }
  const { stdout } = await promisify(execFile)(process.execPath, [snippetFile('redis-sessions.ts')], { env })
  await clear(prefix)
  expect(stdout).toContain("subject: 'customer-42'")
  expect(stdout).toContain("subject: 'user-1'")
  expect(stdout).toContain('{ rotated: true }')
})
