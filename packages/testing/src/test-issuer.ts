import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { checkOptions } from '@countersign/http'
import { memoryStore } from '@countersign/store'
import { type Fetch, type JwtVerifier, type LocalIssuer, localIssuer } from '@countersign/tokens'
import { inputOf, type Material, readToken } from './forge.ts'
import { type Signer, signerOf, type TestAlgorithm } from './signer.ts'
import { type TestClock, testClock } from './test-clock.ts'

export interface TestIssuerOptions {
  /** `iss` of the tokens, with https (http on this host): `https://issuer.test`. */
  readonly issuer?: string
  /** `aud` of the tokens: `https://api.test`. */
  readonly audience?: string
  /** Epoch milliseconds that the issuer's own clock starts from and runs with: the machine's. */
  readonly clock?: () => number
  /** What tokens are signed with: `EdDSA`. `HS256` is for an application that verifies with a shared secret. */
  readonly algorithm?: TestAlgorithm
  /** With `HS256`: the secret that the application verifies with, at least 32 bytes. One is made up unless told. */
  readonly secret?: string | Uint8Array
}

/** What a token says: everything has a good value unless told otherwise. */
export interface TokenRequest {
  /** `ada`. */
  readonly subject?: string
  readonly scopes?: readonly string[]
  readonly roles?: readonly string[]
  /** Seconds from now until the token expires: 300; negative for one that has. Verifiers allow 30 s of leeway. */
  readonly expiresIn?: number
  /** Epoch seconds of the last active authentication: when the token was issued. */
  readonly authTime?: number
  /** `client_id`. */
  readonly client?: string
  /** Claims to add or replace; `undefined` leaves one out. The signature is good whatever they say. */
  readonly claims?: Readonly<Record<string, unknown>>
  /** Header members to add or replace; `undefined` leaves one out. */
  readonly header?: Readonly<Record<string, unknown>>
}

export interface TestIssuer {
  /** `iss` of the tokens, and what `remoteIssuer` takes. */
  readonly url: string
  readonly audience: string
  readonly clock: TestClock
  /** What `bearer` takes: judges this issuer's tokens by this issuer's clock, as `localIssuer` does. */
  readonly verifier: JwtVerifier
  /** A signed access token (RFC 9068), good but for what is asked otherwise. */
  token(request?: TokenRequest): Promise<string>
  /** `{ authorization: 'Bearer …' }` with such a token: for `fetch` and `inject`. */
  headers(request?: TokenRequest): Promise<{ authorization: string }>
  /** Serves discovery and keys (none for HS256) to `remoteIssuer(url, { fetch })` without a network; 404 for anything else. */
  readonly fetch: Fetch
  /** A new issuer with the same key and clock, on a loopback port: its `url` is its `iss`. Rejects for HS256: no key is published. */
  listen(): Promise<ListeningIssuer>
}

export interface ListeningIssuer extends TestIssuer {
  close(): Promise<void>
}

const LIFETIME = 300
const TOKEN = ['subject', 'scopes', 'roles', 'expiresIn', 'authTime', 'client', 'claims', 'header']

/**
 * An identity provider inside the test: mints any token in one line, with a clock of its own. It stands on
 * `localIssuer`; nothing is verified here in another way. Throws a TypeError for wrong options.
 */
export function testIssuer(options: TestIssuerOptions = {}): TestIssuer {
  checkOptions('testIssuer', options, ['issuer', 'audience', 'clock', 'algorithm', 'secret'])
  const { issuer = 'https://issuer.test', audience = 'https://api.test', algorithm = 'EdDSA', secret } = options
  return issuerAt(issuer, audience, testClock(options.clock), signerOf(algorithm, secret))
}

function issuerAt(url: string, audience: string, clock: TestClock, signer: Signer): TestIssuer {
  const store = memoryStore({ clock })
  const own = localIssuer({
    issuer: url,
    audience,
    store,
    clock,
    keys: signer.keys,
    lifetime: LIFETIME,
    refresh: false,
  })
  const base = url.replace(/\/$/, '')
  const documents: Readonly<Record<string, () => unknown>> = {
    [`${base}/.well-known/openid-configuration`]: () => ({ issuer: url, jwks_uri: `${base}/.well-known/jwks.json` }),
    [`${base}/.well-known/jwks.json`]: () => own.jwks(),
  }
  const fetch: Fetch = async (wanted) => {
    const document = documents[`${wanted}`]
    return document ? Response.json(await document()) : new Response(null, { status: 404 })
  }
  const token = (request: TokenRequest = {}) => mint(own, clock, signer, request)
  const made: TestIssuer = {
    url,
    audience,
    clock,
    verifier: { issuer: url, verify: own.verify },
    token,
    headers: async (request) => ({ authorization: `Bearer ${await token(request)}` }),
    fetch,
    async listen() {
      if (signer.algorithm === 'HS256')
        throw new TypeError(
          "testIssuer: an issuer with algorithm 'HS256' publishes no key, so it cannot listen: verify with its secret",
        )
      return listen((listening) => issuerAt(listening, audience, clock, signer))
    },
  }
  signers.set(made.token, signer)
  return made
}

/** By `token`, which stays the same function when an issuer listens. */
const signers = new WeakMap<TestIssuer['token'], Signer>()

/** What attacks are made from: a token of this issuer, its clock, its key. */
export function materialOf({ token: mints, clock }: TestIssuer, token: string): Material {
  const signer = signers.get(mints)
  if (!signer) throw new TypeError('attacksOn: "issuer" must come from testIssuer()')
  const now = Math.floor(clock() / 1000)
  return { token, ...readToken(token), now, publicKeys: signer.publicKeys, sign: (input) => signatureOf(signer, input) }
}

function signatureOf(signer: Signer, input: string): string {
  return signer.sign(Buffer.from(input)).toString('base64url')
}

/** A good token of the issuer's own, with what is asked otherwise put in its place, signed again. */
async function mint(own: LocalIssuer, clock: TestClock, signer: Signer, request: TokenRequest): Promise<string> {
  checkOptions('token', request, TOKEN)
  const { subject = 'ada', scopes, roles, expiresIn = LIFETIME, authTime, client, claims, header } = request
  if (!Number.isInteger(expiresIn)) throw new TypeError('token: expiresIn must be a whole number of seconds')
  const { access_token } = await own.issue(
    { subject, ...(scopes && { scopes }), ...(roles && { roles }) },
    client === undefined ? {} : { client },
  )
  const said = readToken(access_token)
  const now = Math.floor(clock() / 1000)
  const exp = now + expiresIn
  const iat = expiresIn < 0 ? exp - LIFETIME : now // one that has expired was issued before
  const good = { ...said.claims, exp, iat, auth_time: authTime ?? iat }
  const input = inputOf({ ...said.header, ...header }, { ...good, ...claims })
  return `${input}.${signatureOf(signer, input)}`
}

async function listen(issuerOf: (url: string) => TestIssuer): Promise<ListeningIssuer> {
  let issuer: TestIssuer | undefined
  const server = createServer(async (request, response) => {
    const answer = await (issuer as TestIssuer).fetch(`${issuer?.url}${request.url}`, {
      headers: {},
      redirect: 'error',
      signal: AbortSignal.timeout(1000),
    })
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text())
  })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve))
  server.unref() // a test that forgets to close it still ends
  issuer = issuerOf(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return { ...issuer, close }
}
