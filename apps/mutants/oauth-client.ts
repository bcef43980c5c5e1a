// Each guard of oauth-client taken out; the test that it names must fail, and does not without.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: texts of sources
import type { PackageMutant } from './package-mutants.ts'

const SRC = 'oauth-client/src'
const ATTEMPT = `${SRC}/attempt.ts`
const LOGIN = `${SRC}/login.ts`
const CSRF = `${SRC}/same-origin.ts`
const BACK = `${SRC}/return-to.ts`
const SESSION = `${SRC}/session.ts`
const STORE = `${SRC}/store-session.ts`
const COOKIE = `${SRC}/cookie-session.ts`
const SEAL = `${SRC}/seal.ts`
const SCHEME = `${SRC}/session-scheme.ts`
const RENEWAL = `${SRC}/renewal.ts`
const OUT = `${SRC}/logout.ts`
const TOKEN = `${SRC}/logout-token.ts`
const CHANNEL = `${SRC}/backchannel-logout.ts`
const CONNECT = `${SRC}/connection.ts`
const FETCH = `${SRC}/provider-fetch.ts`
const SERVICE = `${SRC}/service-fetch.ts`
const SERVED = `${SRC}/service-token.ts`
const CLIENT = `${SRC}/oauth-client.ts`
const OPTIONS = `${SRC}/client-options.ts`
const PROOF = `${SRC}/client-authentication.ts`
const FAULT = `${SRC}/configuration-error.ts`
const PREFIX = `${SRC}/prefix.ts`
const signIn = { in: 'test/sign-in.test.ts' } as const
const logout = { in: 'test/backchannel-logout.test.ts' } as const
const service = { in: 'test/service-fetch.test.ts' } as const
const vendor = { in: 'test/providers/providers.test.ts' } as const
const fault = { in: 'test/configuration.test.ts' } as const
const instead = { in: 'test/instead.test.ts' } as const
const prefix = { in: 'test/prefix.test.ts' } as const

// biome-ignore format: a table
export const clientMutants: readonly PackageMutant[] = [
  // the sign-in
  { ...signIn, what: 'no PKCE', file: LOGIN, find: "      code_challenge: await calculatePKCECodeChallenge(attempt.verifier),\n      code_challenge_method: 'S256',\n", replace: '', test: 'what is asked of the provider' },
  { ...signIn, what: 'a verifier that is always the same', file: LOGIN, find: 'verifier: randomPKCECodeVerifier(),', replace: "verifier: 'a'.repeat(43),", test: 'a code of another sign-in does not fit' },
  { ...signIn, what: 'a state that is always the same', file: LOGIN, find: 'state: randomState(),', replace: "state: 's'.repeat(43),", test: 'what is asked of the provider' },
  { ...signIn, what: 'a nonce that is always the same', file: LOGIN, find: 'nonce: randomNonce(),', replace: "nonce: 'n'.repeat(43),", test: 'what is asked of the provider' },
  { ...vendor, what: 'the nonce is not expected', file: LOGIN, find: '        expectedNonce: nonce,\n', replace: '        idTokenExpected: true,\n', test: 'refuses an ID token with another nonce' },
  { ...vendor, what: 'signatures of ID tokens are not looked at', file: CONNECT, find: 'enableNonRepudiationChecks, ...(', replace: '...(', test: 'refuses an ID token with another nonce' },
  { ...signIn, what: 'a doubled state', file: LOGIN, find: 'if (state === undefined || more.length > 0)', replace: 'if (state === undefined)', also: [{ file: LOGIN, find: 'expectedState: state,', replace: "expectedState: (query.delete('state'), undefined) as never," }], test: 'a state that is wrong, doubled' },
  { ...signIn, what: 'a cookie of another sign-in opens', file: SEAL, find: 'decipher.setAAD(Buffer.from(place))', replace: "decipher.setAAD(Buffer.from(''))", also: [{ file: SEAL, find: '.setAAD(Buffer.from(place))\n', replace: ".setAAD(Buffer.from(''))\n" }, { file: LOGIN, find: 'expectedState: state,', replace: "expectedState: query.get('state') as string," }], test: 'the answer to a sign-in that another browser began' },
  { ...signIn, what: 'a sign-in has all day', file: LOGIN, find: 'if (terms.now() >= attempt.at + ATTEMPT_TIME)', replace: 'if (false)', test: 'takes longer than ten minutes' },
  { ...signIn, what: 'sign-ins under way without bound', file: ATTEMPT, find: 'live.slice(0, ATTEMPTS - 1)', replace: 'live', test: 'several tabs sign in at once' },
  { ...signIn, what: 'the cookie of a sign-in stays', file: LOGIN, find: "const gone = setCookie(name, '', 0)", replace: "const gone = setCookie('__Host-x', '', 0)", test: 'a person signs in' },
  { ...signIn, what: 'an answer counts as often as it comes', file: LOGIN, find: 'if ((await sessions.marks?.once(`login ${attempt.state}`, attempt.at + ATTEMPT_TIME)) === false)', replace: 'if (false)', test: 'an answer counts once' },
  { ...signIn, what: 'the session of before lives on', file: LOGIN, find: "if (typeof before === 'string') await sessions.end(before)", replace: '', test: 'begins a session of its own' },
  { ...signIn, what: 'what the provider calls its error is shown', file: LOGIN, find: '|| wrongResponse(`the error ${printable(said)}`)', replace: "|| { ...wrongResponse('an error'), detail: said }", test: 'who declines is told so' },
  { ...vendor, what: 'the profile is not asked', file: LOGIN, find: 'if (wrong) return wrong\n', replace: '', test: 'refuses: a private account' },
  // where to return to
  { ...signIn, what: 'the origin is not compared', file: BACK, find: "url?.origin !== origin || ", replace: "!url || ", also: [{ file: BACK, find: ' || !/^\\/(?![/\\\\])/.test(text)', replace: '' }, { file: BACK, find: "  if (/[\\\\\\p{Cc}]/u.test(text)) return undefined\n", replace: '' }, { file: BACK, find: 'return `${url.pathname}', replace: 'return url.origin !== origin ? url.href : `${url.pathname}' }], test: 'a place to return to that is not ours' },
  { ...signIn, what: 'two slashes after normalising', file: BACK, find: " || url.pathname.startsWith('//')", replace: '', test: 'a place to return to that is not ours' },
  { ...signIn, what: 'control characters are left out silently', file: BACK, find: "  if (/[\\\\\\p{Cc}]/u.test(text)) return undefined\n", replace: '', test: 'a place to return to that is not ours' },
  { ...signIn, what: 'a place without bound', file: BACK, find: 'text.length > LIMIT || ', replace: '', test: 'a place to return to that is not ours' },
  { ...signIn, what: 'back to the sign-in itself', file: LOGIN, find: ' || Object.values(terms.paths).some(isOurs)', replace: '', test: 'a place to return to that is not ours' },
  { ...signIn, what: 'the first of two places', file: LOGIN, find: 'more.length === 0 ? ownPath(asked, terms.origin) : undefined', replace: 'ownPath(asked, terms.origin)', test: 'a place of ours is returned to' },
  // requests of other sites
  { ...signIn, what: 'the cookie opens every method', file: SCHEME, find: 'if (foreign) return foreign\n', replace: '', test: 'what changes something needs a page' },
  { ...signIn, what: 'Sec-Fetch-Site is not looked at', file: CSRF, find: "sites.some((site) => site !== 'same-origin')", replace: 'false', test: 'what changes something needs a page' },
  { ...signIn, what: 'one good Sec-Fetch-Site of two', file: CSRF, find: "sites.some((site) => site !== 'same-origin')", replace: "sites.length > 0 && !sites.includes('same-origin')", test: 'what changes something needs a page' },
  { ...signIn, what: 'Origin is not looked at', file: CSRF, find: '(isNamed && !origins.includes(from))', replace: 'false', test: 'what changes something needs a page' },
  { ...signIn, what: 'one good Origin of two', file: CSRF, find: 'more.length > 0 || ', replace: '', test: 'what changes something needs a page' },
  { ...signIn, what: 'null for an Origin says who it was', file: CSRF, find: 'sites.length === 0 && !isNamed', replace: 'sites.length === 0 && from === undefined', test: 'what changes something needs a page' },
  { ...signIn, what: 'who says nothing passes', file: CSRF, find: 'sites.length === 0 && !isNamed ? UNKNOWN : undefined', replace: 'undefined', test: 'what changes something needs a page' },
  { ...signIn, what: 'WebSockets of other origins', file: CSRF, find: " && headerLines(message, 'upgrade').length === 0", replace: '', test: 'what changes something needs a page' },
  { ...signIn, what: 'other sites sign people out', file: OUT, find: 'if (foreign) return problem(foreign)\n', replace: '', test: 'a sign-out ends the session here' },
  // sessions
  { ...signIn, what: 'no end to a session', file: SESSION, find: 'now >= at + lifetime || ', replace: '', test: 'a session ends when it was not used' },
  { ...signIn, what: 'no end to one that is not used', file: SESSION, find: 'now >= used + idle || ', replace: '', also: [{ file: STORE, find: 'Math.min(row.end, signIn.used + times.idle) * 1000', replace: 'row.end * 1000' }, { file: STORE, find: 'Math.min(end, signIn.used + times.idle) * 1000', replace: 'end * 1000' }], test: 'a session ends when it was not used' },
  { ...signIn, what: 'its use is not written down', file: SESSION, find: 'return now - used >= Math.min(60, idle / 4)', replace: 'return false', test: 'a session ends when it was not used' },
  { ...signIn, what: 'a session over stays in the browser', file: SCHEME, find: "authError('invalid_token', 'session.unknown', { ...cleared,", replace: "authError('invalid_token', 'session.unknown', {", test: 'a session ends when it was not used' },
  { ...signIn, what: 'sessions of every client with the secret', file: COOKIE, find: 'sealOf(secrets, `session of ${client}`)', replace: "sealOf(secrets, 'session')", test: 'a session of another client' },
  { ...signIn, what: 'sessions of every client in the store', file: STORE, find: 'JSON.stringify([client, ...parts])', replace: 'JSON.stringify(parts)', also: [{ file: STORE, find: "sealOf([Buffer.from(id, 'base64url')], `session of ${client}`)", replace: "sealOf([Buffer.from(id, 'base64url')], 'session')" }], test: 'a session of another client' },
  { ...signIn, what: 'a sign-out that the store does not hear of', file: OUT, find: "if (typeof value === 'string') await sessions.end(value)\n", replace: '', test: 'a sign-out ends the session here' },
  { ...signIn, what: 'a sign-out that leaves the cookie', file: OUT, find: "'set-cookie': setCookie(SESSION, '', 0),", replace: '', test: 'a sign-out ends the session here' },
  { ...signIn, what: 'a sign-out without saying whose', file: OUT, find: 'id_token_hint: idToken, ', replace: '', test: 'a sign-out ends the session here' },
  // tokens
  { ...signIn, what: 'tokens are never renewed', file: SESSION, find: 'return expiresAt !== undefined && now >=', replace: 'return false && now >= (expiresAt ?? 0) ||  expiresAt !== undefined && false && now >=', test: 'tokens are renewed when they have run out' },
  { ...signIn, what: 'a refresh for each request, in one process', file: STORE, find: 'const found = underWay.get(flight) ?? fetchOnce', replace: 'const found = fetchOnce', also: [{ file: STORE, find: 'if (await replace(id, loaded, loaded.signIn, claim)) return', replace: 'return' }, { file: STORE, find: 'if (loaded?.row.claim?.by !== by) return false\n', replace: 'if (!loaded) return false\n' }], test: 'tokens are renewed when they have run out' },
  { ...signIn, what: 'a refresh for each request, with cookies', file: COOKIE, find: 'if (known) return known\n', replace: '', test: 'tokens are renewed when they have run out' },
  { in: 'test/one-refresh.test.ts', what: 'a refresh in each process', file: STORE, find: 'if (isClaimed(loaded.row)) {', replace: 'if (false) {', test: 'a claim of another process' },
  { ...signIn, what: 'a provider that is down ends the session', file: RENEWAL, find: 'if (down) throw down\n', replace: 'if (down) return undefined\n', test: 'a provider that is down is 503 where' },
  { ...signIn, what: 'a provider that gives no more is a bug', file: RENEWAL, find: "if (refusedGrant(error) === 'invalid_grant') return undefined\n", replace: '', test: 'a provider that gives no more ends' },
  { ...signIn, what: '5xx is an answer', file: FETCH, find: 'status >= 500 || ', replace: '', test: 'a provider that is down' },
  { ...signIn, what: '429 is an answer', file: FETCH, find: ' || status === 429', replace: '', test: 'a provider that is down' },
  { ...signIn, what: 'a moment without the provider', file: CLIENT, find: 'if (isUnavailable(error) && isGood()) return { signIn }\n', replace: '', also: [{ file: CLIENT, find: ' || (down && isGood())', replace: '' }], test: 'tokens are renewed ahead of their end' },
  // sign-out by the provider
  { ...logout, what: 'any signature', file: TOKEN, find: 'if (isAuthError(verified)) return wrong(', replace: 'if (isAuthError(verified)) return judge(issuer, JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString() || "null")) ?? wrong(', test: 'a forged token ends nothing' },
  { ...logout, what: 'any typ', file: TOKEN, find: 'if (!TYPES.includes(type))', replace: 'if (false)', test: 'a forged token ends nothing' },
  { ...logout, what: 'any issuer', file: TOKEN, find: 'if (iss !== issuer)', replace: 'if (false)', test: 'a forged token ends nothing' },
  { ...logout, what: 'any audience', file: TOKEN, find: 'if (!(Array.isArray(aud) ? aud : [aud]).includes(clientId))', replace: 'if (false)', test: 'a forged token ends nothing' },
  { ...logout, what: 'of any length', file: TOKEN, find: ' || exp - iat > LONGEST', replace: '', test: 'a forged token ends nothing' },
  { ...logout, what: 'one that ran out', file: TOKEN, find: ' || now() >= exp + LEEWAY', replace: '', test: 'a forged token ends nothing' },
  { ...logout, what: 'one of the future', file: TOKEN, find: 'iat > now() + LEEWAY || ', replace: '', test: 'a forged token ends nothing' },
  { ...logout, what: 'without its event', file: TOKEN, find: "if (typeof event !== 'object' || event === null || Array.isArray(event))", replace: 'if (false)', test: 'a forged token ends nothing' },
  { ...logout, what: 'with a nonce', file: TOKEN, find: 'if (nonce !== undefined)', replace: 'if (false)', test: 'a forged token ends nothing' },
  { ...logout, what: 'again and again', file: CHANNEL, find: 'if (await isUsed(name)) return REPLAYED\n', replace: '', test: 'a token counts once' },
  { ...logout, what: 'two tokens at once', file: CHANNEL, find: ' || more.length > 0', replace: '', test: 'a forged token ends nothing' },
  { ...logout, what: 'all sessions of the person for one', file: STORE, find: 'const name = names(ended)[0]', replace: 'const name = names(ended).at(-1)', test: 'who signs out at the provider' },
  { ...logout, what: 'a sign-in under way is not told', file: STORE, find: 'if (mark && Number(iat) <= Number(mark.value))', replace: 'if (false)', test: 'a sign-in that is under way' },
  { ...logout, what: 'a path for it with cookies', file: OPTIONS, find: "if (wanted !== false && kind === 'cookie')", replace: 'if (false)', test: 'sessions in cookies cannot be ended' },
  // services
  { ...service, what: 'the token to any origin', file: SERVICE, find: 'if (!origins.includes(url.origin))', replace: 'if (false)', test: 'no other origin gets the token' },
  { ...service, what: 'redirects are followed', file: SERVICE, find: "{ ...init, ...asked, redirect: 'manual', signal", replace: "{ ...init, ...asked, redirect: 'follow', signal", test: 'no other origin gets the token' },
  { ...service, what: 'a token for each call', file: SERVED, find: 'if (!known || isDue(known, now())) {', replace: 'if (true) {', test: 'it calls the API with a token' },
  { ...service, what: 'a token for each of those who wait', file: SERVED, find: 'fetching ??= grant()', replace: 'fetching = grant()', test: 'any number of calls wait' },
  { ...service, what: 'a refused token is kept', file: SERVED, find: 'if (known?.token === refused) known = undefined\n', replace: '', test: 'a token that the API calls invalid' },
  { ...service, what: 'any 401 costs a token', file: SERVICE, find: 'error.status === 401 && isInvalidToken(error)', replace: 'error.status === 401', test: 'other refusals are handed on' },
  { ...service, what: 'a header of the caller stays', file: SERVICE, find: "for (const own of ['authorization', 'dpop']) headers.delete(own)", replace: '', test: 'it calls the API with a token' },
  { ...service, what: 'tokens are not bound', file: SERVED, find: 'if (dpop) handle', replace: 'if (false) handle', test: 'it calls the API with a token' },
  // another token instead of one that was refused
  { ...instead, what: 'the refused token stays', file: STORE, find: ' || tokens.access === refused', replace: '', test: 'a token that an API refused is replaced once' },
  { ...instead, what: 'each who was refused fetches one', file: STORE, find: 'tokens.access === refused', replace: "refused !== ''", test: 'a token that an API refused is replaced once' },
  { ...instead, what: 'the refused token again', file: CLIENT, find: '!isRefused && ', replace: '', test: 'a provider that does not answer then' },
  { in: 'test/options.test.ts', what: 'a refresh token that no session keeps', file: CLIENT, find: 'if (options.offline === true && !sessions.keepsTokens)', replace: 'if (false)', test: 'a refresh token needs a session that keeps it' },
  { ...instead, what: 'a cookie that nobody sends', file: CLIENT, find: 'if (!marks)', replace: 'if (false)', test: 'a session in a cookie cannot be renewed' },
  // faults of the configuration
  { in: 'test/options.test.ts', what: 'a secret that is not set', file: PROOF, find: "if (Object.hasOwn(options, 'clientSecret') && clientSecret === undefined)", replace: 'if (false)', test: 'options that cannot work' },
  { in: 'test/options.test.ts', what: 'roles of any shape', file: SCHEME, find: 'textsOf(provider.rolesOf?.(claims))', replace: 'provider.rolesOf?.(claims) as readonly string[] | undefined', test: 'roles are a list of texts, or none' },
  { ...fault, what: 'whole answers in the log', file: FAULT, find: 'cause: wordsOf(error),', replace: 'cause: error,', test: 'no token and no secret' },
  { ...fault, what: 'what others wrote, as it is', file: FAULT, find: ".replace(/[^\\p{L}\\p{M}\\p{N}\\p{P}\\p{S} ]+/gu, ' ')", replace: '', test: 'what a provider says is bounded' },
  { ...fault, what: 'what others wrote, without bound', file: FAULT, find: '.slice(0, 300)', replace: '', test: 'what a provider says is bounded' },
  { ...fault, what: 'no event of it', file: LOGIN, find: "if (fault instanceof Error) tell(", replace: 'if (false) tell(', test: 'a sign-in that fails by the configuration' },
  // a prefix
  { ...prefix, what: 'a callback that is not there', file: PREFIX, find: 'if (!prefix.endsWith(mounted))', replace: 'if (false)', test: 'the first request says what to set' },
  { ...prefix, what: 'out of the prefix', file: PREFIX, find: "taken === '' || isBelow(own) ? own", replace: 'true ? own', test: 'people never leave the prefix' },
  { ...prefix, what: 'a prefix that is twice there', file: PREFIX, find: ' || isBelow(own)', replace: '', test: 'paths that are written as browsers see them' },
  { ...prefix, what: 'back to the sign-in itself, below a prefix', file: LOGIN, find: '=== `${terms.prefix}${one}`', replace: '=== one', test: 'people never leave the prefix' },
  // profiles
  { ...vendor, what: 'entraId: any tenant', file: `${SRC}/providers/entra-id.ts`, find: 'if ((await isAllowed(tid)) !== true) return TENANT\n', replace: '', test: 'refuses: a tenant that is not listed' },
  { ...vendor, what: 'entraId: 1 for true', file: `${SRC}/providers/entra-id.ts`, find: '(await isAllowed(tid)) !== true', replace: '!(await isAllowed(tid))', test: 'refuses: a function that says 1' },
  { ...vendor, what: 'entraId: the pattern', file: `${SRC}/providers/entra-id.ts`, find: "!GUID.test(tid) || iss !==", replace: 'iss !==', also: [{ file: `${SRC}/providers/entra-id.ts`, find: 'if ((await isAllowed(tid)) !== true) return TENANT\n', replace: '' }], test: 'refuses: the pattern for an issuer' },
  { ...vendor, what: 'entraId: no oid', file: `${SRC}/providers/entra-id.ts`, find: "typeof oid === 'string' && GUID.test(oid) ? undefined : SUBJECT", replace: 'undefined', also: [{ file: `${SRC}/providers/entra-id.ts`, find: 'textOf(tenant === undefined ? `${tid}/${oid}` : oid)', replace: 'textOf(`${tid}/${oid}`)' }], test: 'refuses: no oid' },
  { ...vendor, what: 'google: any domain', file: `${SRC}/providers/google.ts`, find: 'domains.includes(hd)', replace: 'true', test: 'refuses: of another domain' },
  { ...vendor, what: 'google: no domain', file: `${SRC}/providers/google.ts`, find: "typeof hd === 'string' && domains.includes(hd)", replace: "hd === undefined || domains.includes(hd as string)", test: 'refuses: a private account' },
]
