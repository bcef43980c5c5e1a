import { hash } from 'node:crypto'
import {
  type AuthError,
  authError,
  checkOptions,
  isAuthError,
  type Maybe,
  type Principal,
  Unavailable,
} from '@countersign/http'
import { fetchJson, StatusError } from './fetch-json.ts'
import { introspectedPrincipal } from './introspected-principal.ts'
import { introspectionCache } from './introspection-cache.ts'
import { audienceOption, numberOption, textOption, wrong } from './options.ts'
import { FETCH_OPTIONS, type FetchOptions, fetching } from './remote-course.ts'
import { unverifiedIssuer } from './unverified-issuer.ts'

export interface IntrospectionOptions extends FetchOptions {
  /** The introspection endpoint, with https (http: this host only). */
  readonly endpoint: string
  /** What this API is at the authorization server. Sent as HTTP Basic (RFC 6749 section 2.3.1). */
  readonly client: { readonly id: string; readonly secret: string }
  /** `aud` that the answer must carry, or `false` where the endpoint answers only for this client's own tokens. */
  readonly audience: string | readonly string[] | false
  /** What `iss` of the answer must be, where it has one. With it, JWTs whose `iss` this is are introspected too. */
  readonly issuer?: string
  /** Member of the answer that names the subject: `sub`. */
  readonly subject?: string
  /** How long an answer holds, never past its `exp`: `{ seconds: 30, entries: 10_000 }`, or `false`. */
  readonly cache?: { readonly seconds?: number; readonly entries?: number } | false
  /** Epoch milliseconds; the machine's clock unless told otherwise. */
  readonly clock?: () => number
}

/** The caller that an introspected token speaks for. Frozen, claims deeply. */
export interface IntrospectedPrincipal extends Principal {
  /** The whole answer of the endpoint. */
  readonly claims: Readonly<Record<string, unknown>>
}

/** What `bearer` takes. `undefined`: a JWT or JWE that is not this endpoint's to judge. */
export interface IntrospectionVerifier {
  readonly issuer?: string
  /**
   * `bound`: the caller will see to it that whoever shows the token holds the key in `claims.cnf` (RFC 7800), as `dpop` does.
   * Without it a bound token is refused: as a bearer token it may be stolen.
   */
  verify(token: string, options?: { readonly bound?: boolean }): Maybe<IntrospectedPrincipal | AuthError | undefined>
}

type Judged = IntrospectedPrincipal | AuthError

const MAKER = 'introspection'
const OPTIONS = ['endpoint', 'client', 'audience', 'issuer', 'subject', 'cache', 'clock', ...FETCH_OPTIONS]
/** RFC 6750 section 2.1: what a bearer token may be at all. */
const B64TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/
const LONGEST = 8192
/** Requests under way at once; what comes then gets 503 at once. */
const MOST_PENDING = 1000
const INACTIVE = authError('invalid_token', 'token.inactive', { expected: 'a token that the endpoint calls active' })
const GRAMMAR = authError('invalid_token', 'token.parse.grammar', {
  expected: `a b64token of at most ${LONGEST} characters`,
})
const BOUND = authError('invalid_token', 'token.bound', { expected: 'a token that is not bound to a key', got: 'cnf' })

/**
 * Judges opaque tokens by asking the server that issued them (RFC 7662): returns a verifier. One request for each token at a
 * time; an answer is remembered under the SHA-256 of the token for a bounded time, never past its `exp`, and a no for ten seconds at
 * most. Refuses with `invalid_token` what is not active, expired, for another audience or from another issuer, bound to
 * a key that nobody looks after, or no access token. Rejects with `Unavailable` (503) when the endpoint is down, slow, over 1 MiB, redirects or
 * answers something else; with an Error (500) when it refuses this API's own credentials. A JWT is "not mine" unless
 * `issuer` is its `iss`, a JWE always: put this verifier first in a list. Throws a TypeError for wrong options.
 */
export function introspection(options: IntrospectionOptions): IntrospectionVerifier {
  checkOptions(MAKER, options, OPTIONS)
  const { issuer, clock = () => Date.now(), cache } = options
  const how = fetching(MAKER, options)
  const endpoint = how.url(
    'endpoint',
    options.endpoint,
    'the introspection endpoint, with https (http: this host only)',
  )
  const authorization = basic(options.client)
  const audience =
    options.audience === false ? undefined : audienceOption(MAKER, options.audience, '. `false` waives it')
  if (issuer !== undefined) textOption(MAKER, 'issuer', issuer, 'the iss of the tokens')
  const subject = textOption(MAKER, 'subject', options.subject ?? 'sub', "the member that names the subject: 'sub'")
  if (typeof clock !== 'function') throw wrong(MAKER, 'clock', 'a function to epoch milliseconds')
  if (cache !== false) checkOptions(`${MAKER}: cache`, cache, ['seconds', 'entries'])
  const seconds = cache === false ? 0 : numberOption(MAKER, 'cache.seconds', cache?.seconds, 30, [1, 300])
  const entries = cache === false ? 0 : numberOption(MAKER, 'cache.entries', cache?.entries, 10_000, [1, 1_000_000])
  const { fetch } = how.from(endpoint, { keepAlive: true })
  const rules = { audience, issuer, subject }
  const remembered = introspectionCache<IntrospectedPrincipal>({ seconds, entries, clock })
  const pending = new Map<string, Promise<Judged>>()

  function verify(token: string, options?: { readonly bound?: boolean }): Maybe<Judged | undefined> {
    const judged = judgedOf(token)
    if (options?.bound === true) return judged
    return judged instanceof Promise ? judged.then(unbound) : unbound(judged)
  }

  function judgedOf(token: string): Maybe<Judged | undefined> {
    if (typeof token !== 'string' || token.length > LONGEST || !B64TOKEN.test(token)) return GRAMMAR
    if (isJose(token) && !isOurs(token)) return undefined
    const digest = hash('sha256', token, 'base64url')
    const known = remembered.get(digest)
    if (known) return known === 'inactive' ? INACTIVE : known
    const asked = pending.get(digest)
    if (asked) return asked
    if (pending.size >= MOST_PENDING)
      return Promise.reject(unavailable(new Error(`${MOST_PENDING} requests under way`)))
    const asking = ask(token, digest).finally(() => pending.delete(digest))
    pending.set(digest, asking)
    return asking
  }

  /** Whose a JWT says to be decides where it is sent: to nobody but its issuer. */
  function isOurs(token: string): boolean {
    return issuer !== undefined && unverifiedIssuer(token) === issuer
  }

  async function ask(token: string, digest: string): Promise<Judged> {
    const body = new URLSearchParams({ token, token_type_hint: 'access_token' }).toString()
    const answer = await post(body)
    if (answer.active === false) {
      remembered.refuse(digest)
      return INACTIVE
    }
    const judged = introspectedPrincipal(answer, rules, clock())
    if (!isAuthError(judged)) remembered.keep(digest, judged, judged.expiresAt)
    return judged
  }

  async function post(body: string): Promise<Record<string, unknown>> {
    let answer: unknown
    try {
      answer = await fetchJson(fetch, endpoint, AbortSignal.timeout(how.timeout), {
        headers: { authorization, 'content-type': 'application/x-www-form-urlencoded' },
        body,
      })
    } catch (error) {
      // Not the caller's fault, and not a passing one.
      if (error instanceof StatusError && (error.status === 401 || error.status === 403))
        throw new Error(
          `introspection: ${endpoint} answered ${error.status} to this API's own credentials: check client.id, client.secret, and that this client may introspect`,
        )
      throw unavailable(error)
    }
    // RFC 7662 section 2.2: `active` is a boolean, and nothing else means yes.
    if (typeof (answer as { active?: unknown } | null)?.active !== 'boolean')
      throw unavailable(new Error(`${endpoint} answered without a boolean "active"`))
    return answer as Record<string, unknown>
  }

  function unavailable(cause: unknown): Unavailable {
    return new Unavailable(`the introspection endpoint ${endpoint}`, { cause })
  }

  return Object.freeze({ verify, ...(issuer !== undefined && { issuer }) })
}

/** Whoever shows a bound token must prove that they hold its key (RFC 7800, RFC 9449 section 7.1). */
function unbound(judged: Judged | undefined): Judged | undefined {
  return judged !== undefined && 'claims' in judged && judged.claims.cnf !== undefined ? BOUND : judged
}

/** Three segments (JWT) or five (JWE): anything else is opaque, however many dots are in it. */
const SEGMENTS = /^([\w-]+)(?:(?:\.[\w-]*){2}|(?:\.[\w-]*){4})$/

/**
 * Whether it is a JWT or a JWE before anything else is known of it: its header is a JSON object with an `alg` (RFC 7516 section 9).
 * As lenient as any reader may be: it only decides who is not asked.
 */
function isJose(token: string): boolean {
  const [, header] = SEGMENTS.exec(token) ?? []
  if (header === undefined) return false
  try {
    return typeof JSON.parse(new TextDecoder().decode(Buffer.from(header, 'base64url')))?.alg === 'string'
  } catch {
    return false
  }
}

/** RFC 6749 section 2.3.1: both are form-encoded before they are joined, so a colon in either is safe. */
function basic(client: unknown): string {
  const { id, secret } = (client ?? {}) as { id?: unknown; secret?: unknown }
  checkOptions(`${MAKER}: client`, client, ['id', 'secret'])
  const encode = (option: string, value: unknown) =>
    new URLSearchParams({ '': textOption(MAKER, option, value, 'as registered') }).toString().slice(1)
  const pair = `${encode('client.id', id)}:${encode('client.secret', secret)}`
  return `Basic ${Buffer.from(pair).toString('base64')}`
}
