import { verifyingFetch } from '@countersign/http-signatures'
import { createVerifier, httpbis } from 'http-message-signatures'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { DepthCandidateName } from './depth-candidates.ts'
import { verifyingLanes } from './depth-round.ts'
import type { Running, Start } from './peers/peer.ts'
import { POST } from './post.ts'
import { signer } from './settings.ts'
import {
  COVERED,
  MAX_AGE,
  ORIGIN,
  requestSigner,
  SIGNATURES,
  type SignatureName,
  type SignedParts,
  signingKeys,
} from './signed-request.ts'

const SIGNING = signingKeys()

async function started(name: DepthCandidateName): Promise<Running> {
  const { start } = (await import(`./peers/${name}.ts`)) as { start: Start }
  return start({ ...signer('EdDSA').settings, signing: SIGNING })
}

const SIGNED = (['signatures-express', 'http-message-signatures-express'] as DepthCandidateName[])
  .concat(['signatures-fastify', 'http-message-signatures-fastify'])
  .flatMap((name) => (Object.keys(SIGNATURES) as SignatureName[]).map((algorithm) => ({ name, algorithm })))

describe.each(SIGNED)('$name, $algorithm', ({ name, algorithm }) => {
  let running: Running
  beforeAll(async () => {
    running = await started(name)
  })
  afterAll(() => running.close())
  const other = POST.replace('A', 'B').replace('What', 'That')
  const sign = requestSigner(algorithm, SIGNING)
  const send = async (path: string, fields: Record<string, string>, body = POST) => {
    const headers = { 'content-type': 'application/json', ...fields }
    const response = await fetch(running.url + path, { method: 'POST', headers, body })
    return [response.status, ((await response.json()) as { title?: string }).title]
  }
  const good = [200, JSON.parse(POST).title]

  describe.each([`/${algorithm}`, `/${algorithm}/answer`])('%s', (path) => {
    const refused = async (fields: Record<string, string>, body?: string) =>
      expect((await send(path, fields, body))[0]).toBe(401)

    test('takes a signed request, also the second time', async () => {
      const fields = sign(path)
      expect([await send(path, fields), await send(path, fields)]).toEqual([good, good])
    })
    test('refuses none, another key, and a signature that was changed', async () => {
      await refused({})
      await refused(requestSigner(algorithm, signingKeys())(path))
      const { signature, ...rest } = sign(path)
      await refused({ ...rest, signature: signature.replace(/:(.)/, (_, one) => (one === 'A' ? ':B' : ':A')) })
    })
    test('refuses another body, with the digest of the first and with its own', async () => {
      await refused(sign(path), other)
      const { 'content-digest': digest } = sign(path, { body: other })
      await refused({ ...sign(path), 'content-digest': digest }, other)
    })
    test('refuses a signature of another path, and one that is too old', async () => {
      await refused(sign('/elsewhere'))
      const old: SignedParts = { created: Math.floor(Date.now() / 1000) - MAX_AGE - 60 }
      await refused(sign(path, old))
    })
    test.each(COVERED)('refuses a good signature that does not cover %s', async (left) => {
      await refused(sign(path, { covered: COVERED.filter((one) => one !== left) }))
    })
  })

  test('signs its answer so that either library verifies it', async () => {
    const shared = Buffer.from(SIGNING.secret, 'base64url')
    const key = algorithm === 'hmac' ? shared : SIGNING.publicKey
    const kind = SIGNATURES[algorithm].algorithm
    const path = `/${algorithm}/answer`
    const request = { method: 'POST', headers: { 'content-type': 'application/json', ...sign(path) }, body: POST }
    const there = () => fetch(running.url + path, request)
    const verified = verifyingFetch({ keys: { acme: { algorithm: kind, key } }, fetch: there })
    const response = await verified(ORIGIN + path, request)
    expect(await response.json()).toEqual({ title: good[1] })
    const stranger = verifyingFetch({ keys: { other: { algorithm: kind, key } }, fetch: there })
    await expect(stranger(ORIGIN + path, request)).rejects.toThrow()

    const { status, headers } = await there()
    const answer = { status, headers: Object.fromEntries(headers) }
    const config = {
      keyLookup: async () => ({ id: 'acme', algs: [kind], verify: createVerifier(key, kind) }),
      requiredFields: ['@status', 'content-digest', '@method', '@target-uri'],
    }
    const asked = { method: 'POST', url: ORIGIN + path, headers: request.headers }
    expect(await httpbis.verifyMessage(config, answer, asked)).toBe(true)
    expect(await httpbis.verifyMessage(config, { ...answer, status: 201 }, asked)).toBe(false)
  })
})

test.each(['signatures-express', 'signatures-fastify'] as const)('%s takes a nonce once at /once', async (name) => {
  const running = await started(name)
  const headers = { 'content-type': 'application/json', ...requestSigner('hmac', SIGNING)('/once') }
  const send = async () => (await fetch(`${running.url}/once`, { method: 'POST', headers, body: POST })).status
  expect([await send(), await send()]).toEqual([200, 401])
  await running.close()
})

test('in process, each lane verifies what it is given, and a refusal ends the run', async () => {
  for (const lane of verifyingLanes()) {
    lane.ready?.(600)
    await lane.run(600)
  }
  const [first] = verifyingLanes()
  const made = first?.ready?.(1) as { method: string }[]
  ;(made[0] as { method: string }).method = 'PUT'
  await expect(first?.run(1)).rejects.toThrow('a good signature was refused')
})
