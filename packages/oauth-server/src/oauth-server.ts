import { generateKeyPairSync, randomBytes } from 'node:crypto'
import type { EventEmitter } from 'node:events'
import {
  type Answer,
  type AuthError,
  authError,
  empty,
  type Headers,
  isAuthError,
  isUnavailable,
  json,
  messageOf,
  pathOf,
  problem,
  STATUS,
  targetOf,
} from '@countersign/http'
import { type Endpoint, headersBesideBody } from '@countersign/policy'
import type { Provider } from 'oidc-provider'
import { isJwt, judged } from './access-tokens.ts'
import { accountOf } from './account.ts'
import { type Asked, asked } from './asked.ts'
import { autoSubmitted, resolved } from './auto-submit.ts'
import { withScope } from './default-scope.ts'
import { tellReuse } from './event.ts'
import { bodyOf, headersOf, type Incoming } from './incoming.ts'
import { interaction } from './interaction.ts'
import { answerOf, pairOf, type Sent } from './koa-answer.ts'
import { lookOf } from './look.ts'
import { metadataOf, metadataPaths, PREFLIGHT } from './metadata.ts'
import { sessionOf, storedModels } from './models.ts'
import { isRowNamed, namesFor } from './names.ts'
import { checkSetup, type OAuthServerOptions } from './options.ts'
import { errorPage, type Look } from './pages/pages.ts'
import { type Place, placeOf } from './paths.ts'
import { makeProvider } from './provider.ts'
import { providerNow } from './provider-now.ts'
import { registrationOf } from './registration.ts'
import { serverSecret } from './server-secret.ts'
import { tellOf } from './told.ts'

export interface OAuthServer {
  /** What `mount` of an adapter puts on a server: everything below `/oauth`, and the metadata. */
  readonly endpoints: readonly Endpoint[]
  /** For a readiness probe: resolves when there is a key to sign with; else rejects, with why. */
  ready(): Promise<void>
}

/** What the RFCs have no word of their own for: another method, too large, another media type. */
const NO_REQUEST: readonly number[] = [405, 413, 415]
/** Characters of a target that leave room for the other header fields of a request. */
const LONGEST_LINK = 8 * 1024
const NOT_KEPT = { 'cache-control': 'no-store', 'content-length': '0' }
const UNKNOWN = authError('not_found', 'oauth.place')
const LONG = authError('content_too_large', 'oauth.link', {
  detail: `The form makes a link of more than ${LONGEST_LINK} characters.`,
})
const ROW_NAMED = authError('invalid_request', 'oauth.row')

/**
 * An authorization server (OAuth 2.1, OpenID Connect) on oidc-provider, with the keys, users, revocations and store that you
 * have. Returns `endpoints` to mount and `ready`. Access tokens are JWTs (RFC 9068) that verifiers of the issuer accept
 * offline. Throws a TypeError for wrong options and for clients that could not work.
 */
export function oauthServer(options: OAuthServerOptions): OAuthServer {
  const setup = checkSetup(options)
  const { own, authority, store, clock, base, origin, on } = setup
  const { issuer } = authority
  const names = namesFor(issuer)
  const secret = serverSecret(store, names.secret)
  const models = storedModels({
    store,
    names,
    secret,
    own,
    authority,
    clock,
    clientOf: async (id) => (await setup.clientOf(id))?.metadata,
    reused: (what, { clientId, accountId, grantId }) =>
      tellReuse(() => ({
        at: clock(),
        issuer,
        what,
        client: String(clientId),
        ...(accountId !== undefined && { subject: accountId }),
        ...(grantId !== undefined && { session: sessionOf(grantId) }),
      })),
  })
  /** What went wrong inside, by request: oidc-provider answers faults itself, and says nothing of them. */
  const faults = new WeakMap<object, unknown>()
  const provider = providerNow(setup, models, secret, (made) => {
    made.on('server_error', (ctx, error) => faults.set(ctx.req, error))
    // Koa's own, which it would print.
    ;(made as EventEmitter).on(
      'error',
      (error: unknown, ctx?: { readonly req: object }) => ctx && faults.set(ctx.req, error),
    )
    tellOf(made, setup)
  })
  checkClients()

  /** What oidc-provider finds wrong with the options and the clients is found now. */
  function checkClients(): void {
    const { privateKey } = generateKeyPairSync('ed25519')
    const jwk = { ...privateKey.export({ format: 'jwk' }), kid: 'none', alg: 'EdDSA', use: 'sig' }
    const trial = makeProvider(setup, models, { kid: 'none', alg: 'EdDSA', jwk }, randomBytes(32))
    const Client = trial.Client as unknown as new (metadata: object) => object
    for (const { metadata } of setup.listed) {
      try {
        new Client(metadata)
      } catch (error) {
        const { error_description: why } = error as { readonly error_description?: string }
        throw new TypeError(`oauthServer: client ${JSON.stringify(metadata.client_id)}: ${why ?? 'it is refused'}`)
      }
    }
  }

  /** Runs oidc-provider on a request. Rejects with what went wrong inside. */
  async function run(made: Provider, sent: Sent): Promise<Answer> {
    const pair = pairOf(sent, origin)
    await made.callback()(pair.request, pair.response)
    if (faults.has(pair.request)) throw faults.get(pair.request)
    const answer = ownPaths(answerOf(pair))
    const form = autoSubmitted(answer)
    return form ? resolved(form, answer, sent, `${origin.origin}${base}`, (next) => run(made, next)) : answer
  }

  /** A browser stays where it is: a host that is reached by another name than the issuer's still finds its own pages. */
  function ownPaths(answer: Answer): Answer {
    const { location } = answer.headers
    if (typeof location !== 'string' || !location.startsWith(`${origin.origin}${base}/`)) return answer
    return { ...answer, headers: { ...answer.headers, location: location.slice(origin.origin.length) } }
  }

  async function handle(request: Incoming): Promise<Answer> {
    const path = pathOf(request)
    const place = path.startsWith(`${base}/`) ? placeOf(path.slice(base.length), (name) => on[name]) : undefined
    const headers = headersOf(request)
    const query = new URLSearchParams(targetOf(request).split(/\?(.*)/s)[1])
    const language = isAuthError(headers) ? undefined : headers['accept-language']
    const look = lookOf(language, setup.name, query.get('ui_locales'))
    // Asked here and not before: who is refused hears it in the words of the place.
    const verdict = await setup.policy.check(request)
    const also = verdict ? headersBesideBody(verdict) : {}
    if (verdict?.status !== undefined)
      return place && verdict.status >= 400 ? refusal(place, verdict.error, look, also) : verdict
    const answer = place ? await answered(place, request, headers, look) : problem(UNKNOWN)
    return { ...answer, headers: { ...also, ...answer.headers } }
  }

  async function answered(
    place: Place,
    request: Incoming,
    headers: ReturnType<typeof headersOf>,
    look: Look,
  ): Promise<Answer> {
    const method = messageOf(request).method === 'HEAD' ? 'GET' : (messageOf(request).method ?? 'GET')
    const allowed = place.methods.find((one) => one === method)
    if (!allowed)
      return refusal(
        place,
        authError('method_not_allowed', 'oauth.method', { headers: { allow: allowOf(place) } }),
        look,
      )
    if (isAuthError(headers)) return refusal(place, headers, look)
    const body = allowed === 'POST' && place.body ? await bodyOf(request, place.body) : new Uint8Array(0)
    if (isAuthError(body)) return refusal(place, body, look)
    const given = [targetOf(request), Buffer.from(body).toString('latin1'), headers.cookie, headers.authorization]
    if (isRowNamed(...given)) return refusal(place, ROW_NAMED, look)
    if (allowed === 'POST' && place.goesOn) {
      const link = `${pathOf(request)}?${new URLSearchParams(Buffer.from(body).toString())}`
      return link.length > LONGEST_LINK ? refusal(place, LONG, look) : empty(303, { location: link, ...NOT_KEPT })
    }
    try {
      return await serve(place, request, look, {
        method: allowed,
        target: targetOf(request).replace(/^[a-z]+:\/\/[^/]*/i, ''),
        headers,
        body,
      })
    } catch (error) {
      if (!isUnavailable(error)) throw error
      const down = authError('temporarily_unavailable', 'unavailable', {
        headers: { 'retry-after': `${error.retryAfter}` },
      })
      return refusal(place, down, look)
    }
  }

  async function serve(place: Place, request: Incoming, look: Look, sent: Sent): Promise<Answer> {
    const made = await provider()
    if (place.own) {
      const form = sent.method === 'POST' ? new URLSearchParams(Buffer.from(sent.body).toString()) : undefined
      const call = {
        setup,
        models,
        provider: made,
        secret: await secret(),
        request,
        pair: pairOf(sent, origin),
        look,
        form,
      }
      const id = pathOf(request).split('/').at(-1) as string
      return ownPaths(place.own === 'account' ? await accountOf(call) : await interaction(call, id))
    }
    const body = place.path === '/register' ? registrationOf(sent.body) : sent.body
    if (isAuthError(body)) {
      const said = { error: 'invalid_client_metadata', error_description: body.detail }
      return json(400, said, { 'cache-control': 'no-store' })
    }
    // Errors come by `renderError`, which knows who gets a page and who JSON, whatever they say that they accept.
    const accept = 'text/html'
    const { taken, rest } = await takenOut(
      place,
      await withScope(setup, place, { ...sent, body, headers: { ...sent.headers, accept } }),
    )
    return asked.run(taken, () => run(made, rest))
  }

  /** Takes out of a request what oidc-provider would answer by itself: JWTs to introspect, codes in a link. */
  async function takenOut(place: Place, sent: Sent): Promise<{ readonly taken: Asked; readonly rest: Sent }> {
    if (place.path === '/device' && sent.method === 'GET') {
      const [path = '', query] = sent.target.split('?')
      const userCode = new URLSearchParams(query).get('user_code')
      return { taken: userCode === null ? {} : { userCode: userCode.slice(0, 64) }, rest: { ...sent, target: path } }
    }
    if (place.path !== '/introspect' && place.path !== '/revoke') return { taken: {}, rest: sent }
    const form = new URLSearchParams(Buffer.from(sent.body).toString())
    const [token, second] = form.getAll('token')
    if (token === undefined || second !== undefined || !isJwt(token)) return { taken: {}, rest: sent }
    const alias = randomBytes(32).toString('base64url')
    form.set('token', alias)
    const principal = await judged(setup, token)
    return { taken: { token: { alias, principal } }, rest: { ...sent, body: Buffer.from(form.toString()) } }
  }

  /** A client gets the JSON of its RFC (RFC 6749 section 5.2), a person a page. */
  function refusal(place: Place, error: AuthError, look: Look, more: Headers = {}): Answer {
    const { code, detail } = error
    const also = { ...more, ...error.headers }
    const status = STATUS[code]
    const known = NO_REQUEST.includes(status) ? 'invalid_request' : code
    if (place.answers === 'machine')
      return json(status, { error: known, error_description: detail }, { 'cache-control': 'no-store', ...also })
    const page = errorPage({ look, status, code: known, says: detail })
    return { ...page, headers: { ...page.headers, ...also } }
  }

  async function metadata(request: Incoming): Promise<Answer> {
    const { method = 'GET' } = messageOf(request)
    if (method === 'OPTIONS') return empty(204, PREFLIGHT)
    if (method !== 'GET' && method !== 'HEAD')
      return problem(authError('method_not_allowed', 'oauth.method', { headers: { allow: PREFLIGHT.allow } }))
    const target = '/.well-known/openid-configuration'
    return metadataOf(
      setup,
      await run(await provider(), { method: 'GET', target, headers: {}, body: new Uint8Array(0) }),
    )
  }

  // Inventories see the conditions; `handle` asks them.
  const shown = Object.freeze({ ...setup.policy, check: () => undefined })

  return Object.freeze({
    endpoints: Object.freeze([
      ...metadataPaths(setup).map((path): Endpoint => ({ method: '*', path, policy: setup.policy, handle: metadata })),
      { method: '*', path: `${base}/*`, policy: shown, handle } satisfies Endpoint,
    ]),
    ready: async () => void (await provider()),
  })
}

const allowOf = ({ methods }: Place): string =>
  methods.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method])).join(', ')
