// biome-ignore-all lint/suspicious/noTemplateCurlyInString: texts of sources
// Each guard of transport, taken out; the test that it names must fail, and does not without.
import type { PackageMutant } from './package-mutants.ts'

const HTTPS = 'test/transport.test.ts'
const TIMES = 'test/server-timeouts.test.ts'

// biome-ignore format: a table
export const transportMutants: readonly PackageMutant[] = [
  { in: HTTPS, what: 'a header of a stranger is believed', file: 'transport/src/over-tls.ts', find: "if (request.protocol !== undefined)", replace: "if (messageOf(request).headers['x-forwarded-proto'] === 'https') return true\n  if (request.protocol !== undefined)", test: 'X-Forwarded-Proto of a stranger' },
  { in: HTTPS, what: 'the opinion of the framework is not asked', file: 'transport/src/over-tls.ts', find: "if (request.protocol !== undefined) return request.protocol === 'https'", replace: '', test: 'its X-Forwarded-Proto counts' },
  { in: HTTPS, what: 'programs are sent on', file: 'transport/src/https-only.ts', find: 'return wantsPage(request) ? moved(origin, request) : PLAIN', replace: 'return moved(origin, request)', test: 'a program without TLS' },
  { in: HTTPS, what: 'nobody is refused', file: 'transport/src/https-only.ts', find: 'return wantsPage(request) ? moved(origin, request) : PLAIN', replace: 'return undefined', test: 'a program without TLS' },
  { in: HTTPS, what: 'a POST is sent on', file: 'transport/src/https-only.ts', find: "if (message.method !== 'GET' && message.method !== 'HEAD') return false", replace: '', test: 'a browser is sent to the origin' },
  { in: HTTPS, what: 'a fetch that takes HTML is sent on', file: 'transport/src/https-only.ts', find: "if (mode !== undefined) return mode === 'navigate'", replace: "if (mode === 'navigate') return true", test: 'a browser is sent to the origin' },
  { in: HTTPS, what: 'sent to the Host that was named', file: 'transport/src/https-only.ts', find: 'const location = new URL(origin)', replace: "const location = new URL(`https://${messageOf(request).headers.host}`)", test: 'a browser is sent to the origin' },
  { in: HTTPS, what: 'a target of two slashes is another host', file: 'transport/src/https-only.ts', find: 'empty(MOVED, { location: location.href,', replace: 'empty(MOVED, { location: new URL(targetOf(request), origin).href,', test: 'a browser is sent to the origin' },
  { in: HTTPS, what: 'a browser is sent on with its credential', file: 'transport/src/https-only.ts', find: 'if (bringsCredential(request, exposed?.accept)) {', replace: 'if (!wantsPage(request) && bringsCredential(request, exposed?.accept)) {', test: 'a right token in the clear' },
  { in: HTTPS, what: 'nothing is revoked', file: 'transport/src/https-only.ts', find: 'const ended = dry ? undefined : endExposed(request, isDoubted ? undefined : exposed)', replace: 'const ended = undefined as undefined | Promise<void>', test: 'a right token in the clear' },
  { in: HTTPS, what: 'explain revokes', file: 'transport/src/https-only.ts', find: 'dry ? undefined : endExposed', replace: 'endExposed', test: 'explain tells, and revokes nothing' },
  { in: HTTPS, what: 'no HSTS', file: 'transport/src/https-only.ts', find: 'if (isOverTls(request)) return secure', replace: 'if (isOverTls(request)) return undefined', test: 'its X-Forwarded-Proto counts' },
  { in: HTTPS, what: 'documents leave 503 out', file: 'transport/src/https-only.ts', find: 'exposed ? REFUSES_AND_ENDS : REFUSES', replace: 'REFUSES', test: 'documents say that it may be 503' },
  { in: HTTPS, what: 'an origin that is not https', file: 'transport/src/https-only.ts', find: "url.protocol === 'https:' && (", replace: '(', test: '`origin` must be' },
  { in: HTTPS, what: 'an origin with a path', file: 'transport/src/https-only.ts', find: '(origin === url.origin || origin === `${url.origin}/`)', replace: 'true', test: 'without a path' },
  { in: HTTPS, what: 'preload of a host alone', file: 'transport/src/https-only.ts', find: 'if (preload && !(', replace: 'if (false && preload && !(', test: '`hsts.preload` needs' },
  { in: HTTPS, what: 'a cookie is no credential', file: 'transport/src/exposed.ts', find: 'return accept !== undefined && schemesOf(accept).some((scheme) => scheme.read(request) !== undefined)', replace: 'return false', test: 'so are an API key, a cookie' },
  { in: HTTPS, what: 'nobody is told', file: 'transport/src/exposed.ts', find: 'tell(request, scheme.name, principal, true)', replace: '', test: 'a right token in the clear' },
  { in: HTTPS, what: 'a wrong credential is not told', file: 'transport/src/exposed.ts', find: 'if (!told) tell(request, undefined, undefined, false)', replace: '', test: 'a wrong credential is refused and told' },
  { in: HTTPS, what: 'a wrong credential is revoked', file: 'transport/src/exposed.ts', find: 'return verified === undefined || verified === null || isAuthError(verified) ? undefined : verified', replace: 'return (verified ?? undefined) as Principal | undefined', test: 'a wrong credential is refused and told' },
  { in: HTTPS, what: 'what stays good is not told', file: 'transport/src/exposed.ts', find: 'tell(request, scheme.name, principal, false)', replace: '', test: 'it is told as not revoked' },
  { in: HTTPS, what: 'the first error ends it', file: 'transport/src/exposed.ts', find: 'errors.push(error)', replace: 'throw error', test: 'the next one is ended all the same' },
  { in: HTTPS, what: 'errors are swallowed', file: 'transport/src/exposed.ts', find: 'if (errors.length > 0) throw errors[0]', replace: '', test: 'the first error is thrown' },
  { in: HTTPS, what: 'the last error is thrown', file: 'transport/src/exposed.ts', find: 'throw errors[0]', replace: 'throw errors.at(-1)', test: 'of two errors the first' },
  { in: HTTPS, what: 'any host', file: 'transport/src/known-hosts.ts', find: 'named.every(isKnown) ? undefined : UNKNOWN', replace: 'named.every(isKnown) ? undefined : undefined', test: 'takes its names in any case' },
  { in: HTTPS, what: 'case makes another host', file: 'transport/src/known-hosts.ts', find: 'const host = line.toLowerCase()', replace: 'const host = line', test: 'takes its names in any case' },
  { in: HTTPS, what: 'beginnings of hosts', file: 'transport/src/known-hosts.ts', find: "known.has(host) || ", replace: "[...known].some((one) => host.startsWith(one)) || ", test: 'takes its names in any case' },
  { in: HTTPS, what: 'an absolute target names another', file: 'transport/src/known-hosts.ts', find: 'target === undefined ? lines : [...lines, target]', replace: 'lines', test: 'takes its names in any case' },
  { in: HTTPS, what: 'names that are none', file: 'transport/src/known-hosts.ts', find: '&& /^(\\[[0-9a-f:.]+\\]|[a-z0-9_.-]+)(:\\d{1,5})?$/.test(named)', replace: '', test: 'no host: api.acme.com/path' },
  { in: TIMES, what: 'a day and more', file: 'transport/src/server-timeouts.ts', find: ' && value <= 86_400', replace: '', test: 'at most 86400' },
  { in: TIMES, what: 'no time at all', file: 'transport/src/server-timeouts.ts', find: 'value > 0 && ', replace: '', test: '`headers` must be seconds' },
  { in: TIMES, what: 'a head may take longer than the request', file: 'transport/src/server-timeouts.ts', find: 'if (headers > request)', replace: 'if (false)', test: '`headers` may not be longer' },
  { in: TIMES, what: 'looked at each 30 seconds', file: 'transport/src/server-timeouts.ts', find: 'Math.min(1000, Math.ceil(headers * 250))', replace: '30_000', test: 'often enough for the shortest' },
]
