// A remembered token of the last of many issuers.
import { isAuthError } from '@countersign/http'
import { bearer, policy } from '@countersign/policy'
import { memoryStore } from '@countersign/store'
import { localIssuer, remoteIssuers } from '@countersign/tokens'
import type { Lane } from './life-lanes.ts'
import type { PartOptions, Prepared } from './life-parts.ts'
import { checkAll, type Request, request } from './life-requests.ts'
import { type Jwk, type Signer, signer } from './settings.ts'

const TOKENS = 512
const SIZE = { slice: 8, least: 64 }
const issuerOf = (number: number) => `https://issuer-${number}.example`

export async function prepare({ quick }: PartOptions): Promise<Prepared> {
  const signing = signer('EdDSA')
  const lanes: Lane[] = []
  for (const count of [1, 10, 100])
    lanes.push(await lane(`bearer, a list of ${count}`, signing, count, await listed(signing, count)))
  for (const count of quick ? [1, 100] : [1, 100, 1000]) {
    const issuers = Array.from({ length: count }, (_, number) => issuerOf(number))
    lanes.push(await lane(`remoteIssuers, a list of ${count}`, signing, count, await remote(signing, issuers, issuers)))
    const held = new Set(issuers)
    lanes.push(
      await lane(
        `remoteIssuers, a function, ${count} held`,
        signing,
        count,
        await remote(signing, issuers, (iss) => held.has(iss)),
      ),
    )
  }
  return { lanes }
}

type Accepted = Parameters<typeof bearer>[0]

async function listed({ settings }: Signer, count: number): Promise<Accepted> {
  const store = memoryStore()
  const keys = { keys: [settings.signingJwk as Jwk] }
  const list = Array.from({ length: count }, (_, number) =>
    localIssuer({ issuer: issuerOf(number), audience: settings.audience, store, keys }),
  )
  for (const own of list) await own.jwks() // loads
  return list
}

/** Each has verified a token, so each has keys. No network: what it fetches is made here. */
async function remote(
  { settings, token }: Signer,
  issuers: readonly string[],
  allow: Parameters<typeof remoteIssuers>[0],
): Promise<Accepted> {
  const verifier = remoteIssuers(allow, {
    audience: settings.audience,
    fetch: async (url) => {
      const { origin, pathname } = new URL(url)
      return Response.json(
        pathname === '/jwks' ? { keys: [settings.publicJwk] } : { issuer: origin, jwks_uri: `${origin}/jwks` },
      )
    },
  })
  for (const [number, iss] of issuers.entries()) {
    const judged = await verifier.verify(token(number, { iss }))
    if (!judged || isAuthError(judged)) throw new Error(`a good token of ${iss} was refused`)
  }
  return verifier
}

async function lane(name: string, { token }: Signer, issuers: number, accepted: Accepted): Promise<Lane> {
  const caller = policy({ accept: bearer(accepted) })
  const iss = issuerOf(issuers - 1)
  const held = Array.from({ length: TOKENS }, (_, number) => Buffer.from(token(number, { iss })))
  await checkAll(
    caller,
    held.map((one) => request(one.toString('latin1'))),
  )
  let requests: Request[] = []
  let at = 0
  return {
    name,
    ...SIZE,
    ready: (count) => {
      requests = Array.from({ length: count }, () => request((held[at++ % TOKENS] as Buffer).toString('latin1')))
    },
    run: () => {
      const waits = checkAll(caller, requests)
      if (waits) throw new Error('a token was not remembered')
      return undefined
    },
  }
}
