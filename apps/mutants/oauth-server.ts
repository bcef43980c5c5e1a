// biome-ignore-all lint/suspicious/noTemplateCurlyInString: texts of sources
import type { Mutant } from './mutant.ts'
import type { PackageMutant } from './package-mutants.ts'

const PROVIDER = 'oauth-server/src/provider.ts'
const MODELS = 'oauth-server/src/models.ts'
const SERVER = 'oauth-server/src/oauth-server.ts'
const TOKENS = 'oauth-server/src/access-tokens.ts'
const INCOMING = 'oauth-server/src/incoming.ts'
const INTERACTION = 'oauth-server/src/interaction.ts'
const FORM = 'oauth-server/src/form-token.ts'
const CLIENT = 'oauth-server/src/client.ts'
const SECRET = 'oauth-server/src/client-secret.ts'
const PLACES = 'oauth-server/src/paths.ts'
const LEGACY = 'domain/oauth-legacy.ts'
const RFC = 'oauth-server/src/rfc-answers.ts'
const DIRECT = 'tokens/src/direct-fetch.ts'
const clients = { in: 'test/clients.test.ts' } as const
const code = { in: 'test/code.test.ts' } as const
const device = { in: 'test/device.test.ts' } as const
const dpop = { in: 'test/dpop.test.ts' } as const
const stranger = { in: 'test/strangers.test.ts' } as const
const limit = { in: 'test/conditions.test.ts' } as const
const metadata = { in: 'test/metadata.test.ts' } as const
const refreshing = { in: 'test/refresh.test.ts' } as const
const direct = { in: 'src/direct-fetch.test.ts' } as const

/** Guards of the authorization server. */
// biome-ignore format: a table
export const oauthServerMutants: readonly Mutant[] = [
  // what may be asked for
  { what: 'an address more than those registered', file: CLIENT, find: 'redirect_uris: [...redirectUris],', replace: "redirect_uris: [...redirectUris, 'https://evil.example/callback'],", killedBy: 'O01' },
  { what: 'PKCE as one likes', file: PROVIDER, find: 'pkce: { required: () => true }', replace: 'pkce: { required: () => false }', killedBy: 'O04' },
  { what: 'another response type', file: PROVIDER, find: "responseTypes: ['code']", replace: "responseTypes: ['code', 'code id_token']", killedBy: 'O08' },
  { what: 'a native client is a web client: its port counts', file: CLIENT, find: "isNative(redirectUris) ? 'native' : 'web'", replace: "'web'", killedBy: 'O00 user' },
  { what: 'any resource', file: PROVIDER, find: 'if (!resource) throw new errors.InvalidTarget()', replace: "if (!resource) return { audience: uri, scope: '', accessTokenFormat: 'jwt' as const }", killedBy: 'O16' },
  { what: 'scopes that the account lacks', file: PROVIDER, find: ' && account?.held.scopes.includes(scope) !== false', replace: '', also: [{ file: PROVIDER, find: 'const has = (scope: string) => IDENTITY.includes(scope) || account.scopes.includes(scope)', replace: 'const has = (_scope: string) => true' }], killedBy: 'O16' },
  { what: 'scopes that the client lacks', file: PROVIDER, find: 'ofClient?.includes(scope) !== false && ', replace: '', killedBy: 'O00 service' },
  { what: 'scopes of users for a service', file: PROVIDER, find: 'isOfClient ? [] : IDENTITY', replace: 'IDENTITY', killedBy: 'O00 service' },
  { what: 'a service that names no scope has none', file: TOKENS, find: 'if (resource?.scope) this.scope = resource.scope', replace: '', killedBy: 'O00 service' },
  // what is good once
  { what: 'a code is not marked', file: MODELS, find: 'consumed: Math.floor(clock() / 1000)', replace: 'consumed: undefined', killedBy: 'O02' },
  { what: 'a grant ends, its access tokens do not', file: MODELS, find: 'await own.revoke({ sid: lastOf(key) })', replace: '', killedBy: 'O02' },
  { what: 'access tokens end, their grant does not', file: MODELS, find: "    await destroy('Grant', id)", replace: '', also: [{ file: MODELS, find: "destroyAt('Grant', names.ofDigest('Grant', sid)).catch(() => {})", replace: 'void sid' }, { file: MODELS, find: '(await authority.isSessionRevoked(lastOf(key)))', replace: 'false' }], killedBy: 'O02' },
  { what: 'nothing ends when a code comes again', file: MODELS, find: '      revokeByGrantId: endGrant,', replace: '      revokeByGrantId: async () => {},', also: [{ file: MODELS, find: "model === 'Grant' ? endGrant(id) : destroy(model, id)", replace: "model === 'Grant' ? undefined as never : destroy(model, id)" }], killedBy: 'O02' },
  { what: 'refresh tokens do not rotate', file: PROVIDER, find: 'rotateRefreshToken: true', replace: 'rotateRefreshToken: false', killedBy: 'O00 user' },
  { what: 'tokens do not name their grant', file: PROVIDER, find: '    sid: sessionOf(token.grantId),', replace: "    sid: 'another',", killedBy: 'O02' },
  // who asks
  { what: 'any secret', file: PROVIDER, find: 'return isClientSecret(given, this.clientSecret)', replace: 'return true', killedBy: 'O10' },
  { what: 'no secret', file: SECRET, find: 'return timingSafeEqual(Buffer.from(hashClientSecret(given)), Buffer.from(stored))', replace: 'return true', killedBy: 'O10' },
  { what: 'two Authorization lines', file: INCOMING, find: 'if (lines.length > 1 && SINGLE.includes(name)) return TWICE', replace: '', killedBy: 'O10' },
  { what: 'introspection of anyone\'s tokens', file: PROVIDER, find: 'if (token.clientId === client.clientId) return true', replace: 'return true', killedBy: 'O11' },
  { what: 'introspection of nothing', file: TOKENS, find: 'if (held !== undefined && held.alias === value) return held.principal', replace: '', killedBy: 'O11' },
  { what: 'revocation of anyone\'s tokens', file: PROVIDER, find: 'allowedPolicy: (_ctx, client, token) => token.clientId === client.clientId', replace: 'allowedPolicy: () => true', killedBy: 'O11' },
  { what: 'revocation that revokes nothing', file: TOKENS, find: 'setup.own.revoke({ jti: claims.jti as string, expiresAt: claims.exp })', replace: 'Promise.resolve()', killedBy: 'O11' },
  { what: 'JWTs are refused as oidc-provider does', file: SERVER, find: "if (place.path !== '/introspect' && place.path !== '/revoke')", replace: 'if (place.path)', killedBy: 'O11' },
  { what: 'userinfo takes no token that is for the API', file: TOKENS, find: "Provider.ctx?.oidc.route === 'userinfo'", replace: 'false', killedBy: 'O00 user' },
  // pages
  { what: 'a form without its token', file: FORM, find: 'return mine.length === theirs.length && timingSafeEqual(mine, theirs)', replace: 'return true', killedBy: 'O15' },
  { what: 'a token for every form', file: FORM, find: '`${page}\\n${bound}`', replace: "'page'", killedBy: 'O15' },
  { what: 'a form from another site', file: FORM, find: "if (site.some((one) => one !== 'same-origin')) return false", replace: '', killedBy: 'O15' },
  { what: 'an interaction of another page', file: INTERACTION, find: 'details.uid !== id || ', replace: '', killedBy: 'O15' },
  { what: 'a wrong password is a bug', file: INTERACTION, find: 'if (!isRefused(thrown)) throw thrown', replace: 'throw thrown', killedBy: 'O15' },
  { what: 'a browser is sent to the address of the issuer', file: SERVER, find: 'const answer = ownPaths(answerOf(pair))', replace: 'const answer = answerOf(pair)', killedBy: 'O17' },
  { what: 'a browser goes on at the address of the issuer', file: SERVER, find: "return ownPaths(place.own === 'account' ? await accountOf(call) : await interaction(call, id))", replace: "return place.own === 'account' ? accountOf(call) : interaction(call, id)", killedBy: 'O00 user' },
  { what: 'a page with a script that posts', file: SERVER, find: 'const form = autoSubmitted(answer)', replace: 'const form = undefined as ReturnType<typeof autoSubmitted>', killedBy: 'O17' },
  { what: 'JSON for a person', file: SERVER, find: "const accept = 'text/html'", replace: "const accept = 'application/json'", killedBy: 'O17' },
  { what: 'the account of nobody', file: 'oauth-server/src/account.ts', find: 'if (subject === undefined || !account || isEnded)', replace: 'if (isEnded)', killedBy: 'O17' },
  // bodies, places
  { what: 'bodies of any size', file: INCOMING, find: 'const LIMIT = 56 * 1024', replace: 'const LIMIT = 56 * 1024 * 1024', killedBy: 'O13' },
  { what: 'JSON for a form', file: INCOMING, find: "form: ['application/x-www-form-urlencoded']", replace: "form: ['application/x-www-form-urlencoded', 'application/json']", killedBy: 'O13' },
  { what: 'no body is a wrong media type', file: INCOMING, find: "if (BODY.every((name) => headerLines(message, name).every((line) => line === '0'))) return new Uint8Array(0)", replace: '', killedBy: 'O00 user' },
  { what: 'the host that a request names', file: 'oauth-server/src/koa-answer.ts', find: 'host: origin.host', replace: "host: 'evil.example'", killedBy: 'O12' },
  { what: 'any method', file: SERVER, find: 'const allowed = place.methods.find((one) => one === method)', replace: "const allowed = method as 'GET'", killedBy: 'O13' },
  { what: 'places that are switched off', file: PLACES, find: 'if (needs !== undefined && !isOn(needs)) return false', replace: '', killedBy: 'O13' },
  // the old form
  { what: 'the old form says nothing of its age', file: LEGACY, find: ", deprecation: '@1735689600'", replace: '', killedBy: 'O14' },
  { what: 'the old form without a password', file: LEGACY, find: 'username === undefined || password === undefined || ', replace: '', killedBy: 'O14' },
  { what: 'a wrong password at the old form is a 401', file: LEGACY, find: 'if (!isRefused(thrown) || thrown.status === 429) throw thrown', replace: 'throw thrown', killedBy: 'O14' },
]

/** Guards that no host shows: the test of the package that each names must notice. */
// biome-ignore format: a table
export const answerMutants: readonly PackageMutant[] = [
  // in the words of the RFCs
  { ...clients, what: 'a grant that the client has not is a malformed request', file: RFC, find: 'if (!isAllowed && type === usedGrant(Provider.ctx))', replace: 'if (false)', test: 'a grant that the client has not' },
  { ...device, what: 'the same where a device begins', file: RFC, find: "if (ctx?.oidc.route === 'device_authorization') return GRANTS.device_code", replace: '', test: 'a client that has not the grant' },
  { ...dpop, what: 'a proof again is a wrong grant', file: RFC, find: 'if (!isNew && isProof(Provider.ctx, id))', replace: 'if (false)', test: 'a proof again; at once, once' },
  { ...clients, what: 'no client is a malformed request', file: RFC, find: 'if (isNamed || ', replace: 'if (true || ', test: 'a request of no client at all' },
  { ...clients, what: 'events tell another error than the client heard', file: RFC, find: "  Object.assign(error as object, { error: 'invalid_client' })\n", replace: '', test: 'a request of no client at all' },
  { ...code, what: 'scopes that are nothing here', file: RFC, find: 'if (asked.length > 0 && !asked.some(', replace: 'if (false && !asked.some(', test: 'a scope that is nothing here' },
  { ...refreshing, what: 'scopes are judged when a token is used up', file: RFC, find: 'if (ofClient === undefined && !ASKING.includes(oidc.route)) return', replace: '', test: 'a scope of another resource that was granted' },
  { ...clients, what: 'another method is a word of ours', file: SERVER, find: '[405, 413, 415]', replace: '[413, 415]', test: 'PUT at the token endpoint' },
  { ...stranger, what: 'why a redirect is refused is not said', file: 'oauth-server/src/registration.ts', find: 'errors.InvalidClientMetadata(`redirect_uris must', replace: 'errors.InvalidRedirectUri(`redirect_uris must', test: '21 redirects: the error' },
  { ...stranger, what: 'a list for metadata', file: 'oauth-server/src/registration.ts', find: 'return NO_OBJECT', replace: 'return body', test: 'no object: the error' },
  // what is used up
  { ...refreshing, what: 'a resource that was not granted uses codes and tokens up', file: RFC, find: 'if (asked && this.error', replace: 'if (false && this.error', test: 'nothing is used up by asking' },
  { ...device, what: 'and device codes', file: RFC, find: 'provider.RefreshToken, provider.DeviceCode]', replace: 'provider.RefreshToken]', test: 'uses no device code up' },
  // devices
  { ...device, what: 'devices ask as often as they like', file: RFC, find: 'if (isWaiting && !(', replace: 'if (false && !(', test: 'to slow down where it asks more' },
  { ...device, what: 'devices are not told how often', file: RFC, find: 'Object.assign(body as object, { interval: INTERVAL })', replace: 'body', test: 'to slow down where it asks more' },
  { ...device, what: 'who waited is told to slow down', file: RFC, find: 'const HELD = (INTERVAL - 1) * 1000', replace: 'const HELD = INTERVAL * 1000', test: 'to slow down where it asks more' },
  // pages
  { ...metadata, what: 'ui_locales before the sign-in', file: INTERACTION, find: 'askedLocale(asked) ?? look.locale', replace: 'look.locale', test: 'ui_locales_supported' },
  { ...metadata, what: 'ui_locales of a request that is refused', file: 'oauth-server/src/hooks.ts', find: ', ctx.oidc.params?.ui_locales)', replace: ')', test: 'ui_locales_supported' },
  { ...code, what: 'one resource of two', file: 'oauth-server/src/pages/consent.ts', find: 'resources.map(', replace: 'resources.slice(0, 1).map(', test: 'consent names every resource' },
  { ...code, what: 'a form is judged without its cookie', file: SERVER, find: "if (allowed === 'POST' && place.goesOn)", replace: 'if (false)', test: 'goes on as the link' },
  { ...code, what: 'a link of any length', file: SERVER, find: 'link.length > LONGEST_LINK ? ', replace: 'false ? ', test: 'JSON, too much, and what names a row' },
  // conditions
  { ...limit, what: 'nobody asks the conditions', file: SERVER, find: 'const verdict = await setup.policy.check(request)', replace: 'const verdict = undefined as Awaited<ReturnType<typeof setup.policy.check>>', test: 'conditions are asked before a secret' },
  { ...limit, what: 'a limit answers in its own words', file: SERVER, find: 'return place && verdict.status >= 400 ? refusal(place, verdict.error, look, also) : verdict', replace: 'return verdict', test: 'in the words of the place' },
  { ...limit, what: 'what a limit says of itself is lost', file: SERVER, find: 'refusal(place, verdict.error, look, also)', replace: 'refusal(place, { ...verdict.error, headers: {} }, look)', test: 'in the words of the place' },
  { ...limit, what: 'what a limit says of itself is lost where it lets pass', file: SERVER, find: 'headers: { ...also, ...answer.headers }', replace: 'headers: answer.headers', test: 'in the words of the place' },
  { in: 'test/hosts.test.ts', what: 'an object that a parser made of a form', file: INCOMING, find: "if (typeof one !== 'string') return SHAPE", replace: '', test: 'express, extended forms parsed before' },
  // what is reached
  { ...stranger, what: 'documents and back channels on this machine', file: PROVIDER, find: 'setup.fetch ?? publicFetch()', replace: 'setup.fetch ?? globalThis.fetch', test: 'not so much as connected to' },
  { ...metadata, what: 'a browser may not ask with a field of its own', file: SERVER, find: "if (method === 'OPTIONS') return empty(204, PREFLIGHT)", replace: '', test: 'is for pages of every origin' },
]

/** Of the fetch that documents of clients are read with. */
// biome-ignore format: a table
export const fetchMutants: readonly PackageMutant[] = [
  { ...direct, what: 'an address in place of a name is judged when it is connected to', file: DIRECT, find: 'if (isIP(host) !== 0 && !reach(host)) return', replace: 'if (false) return', test: 'connects to nothing on this machine' },
  { ...direct, what: 'a name is judged when it is connected to', file: DIRECT, find: 'if (outside) return', replace: 'if (false && outside) return', test: 'connects to nothing on this machine' },
  { ...direct, what: 'what it is connected to is not judged again', file: DIRECT, find: 'if (!reach(remoteAddress)) ', replace: 'if (false) ', test: 'judged again where it is connected to' },
  { ...direct, what: 'redirects are followed', file: DIRECT, find: "resolve({ status: response.statusCode as number,", replace: "if (response.headers.location) return resolve(fetch(new URL(response.headers.location, url).href, init))\n        resolve({ status: response.statusCode as number,", test: 'platform’s fetch would' },
]
