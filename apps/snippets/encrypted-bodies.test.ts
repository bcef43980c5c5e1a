import { generateKeyPairSync } from 'node:crypto'
import { decryptBody, encryptBody } from '@countersign/tokens/encryption'
import { expect, test } from 'vitest'
import { runSnippet } from './snippet.ts'

const pair = () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const [own, known] = [privateKey, publicKey].map((one) => one.export({ format: 'jwk' }) as { readonly kty: string })
  return { own: own as { readonly kty: string }, known: known as { readonly kty: string } }
}

test('encrypted-bodies: a report comes in and an answer goes out, and no one between reads either', async () => {
  const [ours, theirs] = [pair(), pair()]
  const env = { OUR_KEY: JSON.stringify(ours.own), THEIR_KEY: JSON.stringify(theirs.known) }
  const app = await runSnippet('encrypted-bodies.ts', env)
  try {
    const key = /key: (\S+)/.exec(app.output())?.[1] ?? ''
    const post = (body: string, headers: Record<string, string> = { 'x-api-key': key }) =>
      fetch(`${app.url}/reports`, { method: 'POST', headers: { 'content-type': 'application/jose', ...headers }, body })
    const report = await encryptBody({ patient: 'CANARY' }, ours.known)
    expect(report).not.toContain('CANARY')
    const answer = await post(report)
    expect([answer.status, answer.headers.get('content-type')]).toEqual([
      200,
      expect.stringMatching(/^application\/jose/),
    ])
    const text = await answer.text()
    expect(await decryptBody(text, theirs.own)).toEqual({ value: { taken: { patient: 'CANARY' } } })
    expect(await decryptBody(text, ours.own), 'with another key').toMatchObject({ code: 'invalid_request' })

    expect((await post(report, {})).status).toBe(401)
    const wrong = await post(`${report.slice(0, -2)}AA`)
    expect([wrong.status, await wrong.json()]).toMatchObject([400, { code: 'invalid_request' }])
    expect((await post('{"patient":"in the clear"}')).status).toBe(400)
  } finally {
    app.stop()
  }
})
