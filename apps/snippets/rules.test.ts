import { testIssuer } from '@countersign/testing'
import { expect, test } from 'vitest'
import { runSnippet } from './snippet.ts'

type Token = Parameters<Awaited<ReturnType<ReturnType<typeof testIssuer>['listen']>>['headers']>[0]
const now = () => Math.floor(Date.now() / 1000)

/** Runs a snippet; `ask` answers with status, code and challenge of a request by such a caller. */
async function asking(
  snippet: string,
  tell: (ask: (line: string, token?: Token) => Promise<unknown[]>) => Promise<void>,
) {
  const issuer = await testIssuer({ audience: 'https://api.acme.com' }).listen()
  const app = await runSnippet(snippet, { ISSUER: issuer.url })
  try {
    await tell(async (line, token) => {
      const [method = '', path = ''] = line.split(' ')
      const response = await fetch(app.url + path, { method, ...(token && { headers: await issuer.headers(token) }) })
      const { code } = (await response.json().catch(() => ({}))) as { code?: string }
      return [
        response.status,
        ...(code ? [code] : []),
        ...(response.headers.get('www-authenticate')?.match(/max_age="\d+"/) ?? []),
      ]
    })
  } finally {
    app.stop()
    await issuer.close()
  }
}
// Their handlers are async and refuse by throwing: Express 4 does not see that.
const onExpress5 = process.env.EXPRESS === '4' ? test.skip : test

onExpress5('rules: roles in an order, the own post, a sign-in of lately', async () => {
  await asking('rules.ts', async (ask) => {
    const scopes = ['posts:write']
    expect(await ask('PUT /posts/1')).toEqual([401, 'unauthenticated'])
    expect(await ask('PUT /posts/1', { subject: 'ada', scopes, roles: ['author'] })).toEqual([200])
    expect(await ask('PUT /posts/1', { subject: 'bob', scopes, roles: ['author'] })).toEqual([403, 'access_denied'])
    expect(await ask('PUT /posts/1', { subject: 'bob', scopes, roles: ['editor'] })).toEqual([200])
    expect(await ask('PUT /posts/1', { subject: 'ada', scopes, roles: [] })).toEqual([403, 'access_denied'])
    expect(await ask('PUT /posts/1', { subject: 'ada', roles: ['author'] })).toEqual([403, 'insufficient_scope'])
    const admin = { subject: 'root', roles: ['admin'] }
    expect(await ask('DELETE /posts', { ...admin, authTime: now() - 10 })).toEqual([204])
    const old = [401, 'insufficient_user_authentication', 'max_age="300"']
    expect(await ask('DELETE /posts', { ...admin, authTime: now() - 3600 })).toEqual(old)
    expect(await ask('DELETE /posts', { subject: 'ed', roles: ['editor'], authTime: now() })).toEqual([
      403,
      'access_denied',
    ])
  })
})

onExpress5('rules-casl: the ability of the caller, for posts and for one post', async () => {
  await asking('rules-casl.ts', async (ask) => {
    expect(await ask('PUT /posts/1', { subject: 'ada', roles: ['author'] })).toEqual([200])
    expect(await ask('PUT /posts/1', { subject: 'bob', roles: ['author'] })).toEqual([403, 'access_denied'])
    expect(await ask('PUT /posts/1', { subject: 'bob', roles: ['editor'] })).toEqual([200])
    expect(await ask('PUT /posts/2', { subject: 'bob', roles: ['reader'] })).toEqual([403, 'access_denied'])
    expect(await ask('PUT /posts/2', { subject: 'bob', roles: ['editor'] })).toEqual([404])
    expect(await ask('PUT /posts/1')).toEqual([401, 'unauthenticated'])
  })
})

onExpress5('rules-cedar: policies as text permit, and forbid', async () => {
  await asking('rules-cedar.ts', async (ask) => {
    expect(await ask('PUT /posts/1', { subject: 'ada' })).toEqual([200])
    expect(await ask('PUT /posts/1', { subject: 'bob' })).toEqual([403, 'access_denied'])
    expect(await ask('PUT /posts/1', { subject: 'bob', roles: ['editor'] })).toEqual([200])
    expect(await ask('PUT /posts/2', { subject: 'ada' })).toEqual([403, 'access_denied'])
    expect(await ask('PUT /posts/2', { subject: 'bob', roles: ['editor'] })).toEqual([403, 'access_denied'])
    expect(await ask('PUT /posts/1')).toEqual([401, 'unauthenticated'])
  })
})
