import { expect, test } from 'vitest'
import { runSnippet } from './snippet.ts'

test('rate-limits: a caller has a limit, failed logins have their own, and both say when to come again', async () => {
  const app = await runSnippet('rate-limits.ts')
  try {
    const login = (password: string, username = 'ada') =>
      fetch(`${app.url}/login`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ username, password }),
      })
    const first = await login('correct horse')
    expect(first.headers.get('ratelimit-policy')).toBe('"per-address";q=300;w=60')
    const { access_token } = (await first.json()) as { access_token: string }
    const me = () => fetch(`${app.url}/me`, { headers: { authorization: `Bearer ${access_token}` } })
    const answers = []
    for (let at = 0; at < 202; at++) answers.push(await me())
    // The plan of gold.
    expect(answers.findIndex(({ status }) => status === 429)).toBe(200)
    expect(answers[0]?.headers.get('ratelimit')).toMatch(/^"per-address";r=298;t=\d+, "per-caller";r=199;t=\d+$/)
    expect(Number(answers[201]?.headers.get('retry-after'))).toBeGreaterThan(50)

    for (let at = 0; at < 10; at++) expect((await login(`guess ${at}`)).status).toBe(401)
    const refused = await login('correct horse', 'ADA')
    expect([refused.status, await refused.json()]).toMatchObject([429, { code: 'too_many_requests' }])
    expect((await login('guess', 'bob')).status).toBe(401)

    // Behind the proxy that it trusts each client is its own address.
    const from = async (client: string) =>
      (await fetch(`${app.url}/me`, { headers: { 'x-forwarded-for': client } })).headers.get('ratelimit')
    expect(await from('192.0.2.1')).toMatch(/^"per-address";r=299;/)
    expect(await from('192.0.2.2')).toMatch(/^"per-address";r=299;/)
    expect(app.output()).not.toContain('COUNTERSIGN_PROXY')
  } finally {
    app.stop()
  }
})
