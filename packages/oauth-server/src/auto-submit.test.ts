import { describe, expect, test } from 'vitest'
import { autoSubmitted, resolved } from './auto-submit.ts'

const SCRIPT = 'document.forms[0].submit()'
const sent = { method: 'GET', target: '/oauth/authorize', headers: {}, body: new Uint8Array(0) }

async function policyOf(action: string): Promise<string> {
  const text = `<form method="post" action="${action}"><input type="hidden" name="code" value="x"/></form><script>${SCRIPT}</script>`
  const answer = { status: 200, headers: { 'content-type': 'text/html' }, body: Buffer.from(text) }
  const form = autoSubmitted(answer)
  if (!form) throw new Error('no form')
  const { headers } = await resolved(form, answer, sent, 'https://login.example/oauth', async () => {
    throw new Error('it is not posted here')
  })
  return `${headers['content-security-policy']}`
}

describe('a form that posts itself to a client (OAuth 2.0 Form Post Response Mode)', () => {
  test.each([
    ['https://app.example/callback?a=b', 'https://app.example'],
    ['http://[::1]:8080/callback', 'http://[::1]:8080'],
    ['com.example.app:/callback', 'com.example.app:'],
    // A host may hold what ends a directive.
    ['https://a;script-src&#39;*&#39;,b/', "'none'"],
  ])('%s: form-action %s', async (action, source) => {
    const directives = (await policyOf(action)).split('; ')
    expect(directives).toContain(`form-action ${source}`)
    expect(directives).toHaveLength(5)
  })
})
