// A fresh proof with every request, beside a bearer token that is remembered and beside the one signature that must be verified.
import { generateKeyPairSync, hash, type KeyObject, randomUUID, sign, verify } from 'node:crypto'
import { dpop } from '@countersign/bound-tokens'
import { bearer, policy } from '@countersign/policy'
import { memoryStore } from '@countersign/store'
import { localIssuer } from '@countersign/tokens'
import { calculateJwkThumbprint, type JWK } from 'jose'
import type { Lane } from './life-lanes.ts'
import type { Prepared } from './life-parts.ts'
import { checkAll, type Request, request } from './life-requests.ts'
import { USER } from './settings.ts'

/** Clients that take turns, each with a key and a token of its own. */
export const CLIENTS = 64
const ORIGIN = 'https://api.example'
const SIZE = { slice: 20, least: CLIENTS }

export const PROOF_ALGORITHMS = ['ES256', 'EdDSA'] as const
type ProofAlgorithm = (typeof PROOF_ALGORITHMS)[number]
interface Client {
  readonly jwk: JWK
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
  readonly bound: string
  readonly plain: string
}

export async function prepare(): Promise<Prepared> {
  const store = memoryStore({ limit: 1_000_000 })
  const own = localIssuer({ issuer: ORIGIN, audience: ORIGIN, store, lifetime: 3600 })
  const byProof = policy({ accept: dpop(own, { origin: ORIGIN, replay: store }) })
  const byBearer = policy({ accept: bearer(own) })
  const lanes: Lane[] = []
  for (const algorithm of PROOF_ALGORITHMS) {
    const clients = await Promise.all(Array.from({ length: CLIENTS }, () => client(algorithm, own)))
    const each = <T>(count: number, make: (one: Client) => T) =>
      Array.from({ length: count }, (_, at) => make(clients[at % CLIENTS] as Client))
    let requests: Request[] = []
    lanes.push({
      name: `${algorithm}: a fresh proof`,
      ...SIZE,
      ready: (count) => {
        requests = each(count, (one) => request(one.bound, 'DPoP', ['DPoP', proof(algorithm, one)]))
      },
      run: () => checkAll(byProof, requests),
    })
    let signed: { data: Buffer; key: KeyObject; signature: Buffer }[] = []
    const digest = algorithm === 'ES256' ? 'sha256' : null
    lanes.push({
      name: `${algorithm}: one signature, node:crypto`,
      ...SIZE,
      ready: (count) => {
        signed = each(count, (one) => {
          const data = Buffer.from(proof(algorithm, one).split('.', 2).join('.'))
          return { data, key: one.publicKey, signature: sign(digest, data, one.privateKey) }
        })
      },
      run: () => {
        for (const { data, key, signature } of signed)
          if (!verify(digest, data, key, signature)) throw new Error('a good signature was refused')
        return undefined
      },
    })
    if (algorithm === 'EdDSA')
      lanes.push({
        name: 'bearer, remembered',
        ...SIZE,
        ready: (count) => {
          requests = each(count, ({ plain }) => request(Buffer.from(plain).toString('latin1')))
        },
        run: () => checkAll(byBearer, requests),
      })
  }
  return { lanes }
}

async function client(algorithm: ProofAlgorithm, own: ReturnType<typeof localIssuer>): Promise<Client> {
  const { privateKey, publicKey } =
    algorithm === 'ES256' ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : generateKeyPairSync('ed25519')
  const jwk = publicKey.export({ format: 'jwk' }) as JWK
  const jkt = await calculateJwkThumbprint(jwk)
  const subject = USER.username
  const bound = (await own.issue({ subject }, { jkt })).access_token
  return { jwk, privateKey, publicKey, bound, plain: (await own.issue({ subject })).access_token }
}

/** RFC 9449 section 4.2. */
function proof(algorithm: ProofAlgorithm, { jwk, privateKey, bound }: Client): string {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const head = encode({ typ: 'dpop+jwt', alg: algorithm, jwk })
  const iat = Math.floor(Date.now() / 1000)
  const ath = hash('sha256', bound, 'base64url')
  const data = `${head}.${encode({ htm: 'GET', htu: `${ORIGIN}/posts`, iat, jti: randomUUID(), ath })}`
  const signature =
    algorithm === 'ES256'
      ? sign('sha256', Buffer.from(data), { key: privateKey, dsaEncoding: 'ieee-p1363' })
      : sign(null, Buffer.from(data), privateKey)
  return `${data}.${signature.toString('base64url')}`
}
