// Each guard of the gateway, taken out; the test that it names must fail, and does not without.
import type { PackageMutant } from './package-mutants.ts'

const HEADERS = 'src/forwarded-identity.test.ts'
const CHECK = 'src/auth-check.test.ts'

// biome-ignore format: a table
export const gatewayMutants: readonly PackageMutant[] = [
  { in: HEADERS, what: '_ is not -', file: 'gateway/src/header-name.ts', find: "replace(/[^a-z0-9]/g, '-')", replace: "replace(/[^a-z0-9_]/g, '-')", test: 'x-user, in any case' },
  { in: HEADERS, what: 'two hosts', file: 'gateway/src/strip-headers.ts', find: "if (headerLines(message, 'host').length > 1) return HOST", replace: '', test: 'two Host lines' },
  { in: HEADERS, what: 'Connection is not heard', file: 'gateway/src/strip-headers.ts', find: ' || named.has(spelling)', replace: '', test: 'what Connection names' },
  { in: HEADERS, what: 'Connection takes the length off', file: 'gateway/src/strip-headers.ts', find: 'if (!FRAMING.includes(spelling)) names', replace: 'names', test: 'what Connection names' },
  { in: HEADERS, what: 'names that are none', file: 'gateway/src/strip-headers.ts', find: '!NAME.test(name) || ', replace: '', test: 'a name that is none' },
  { in: HEADERS, what: 'identities of clients go on', file: 'gateway/src/forwarded-identity.ts', find: 'isOther(name) || isIdentity(name) ||', replace: 'isOther(name) ||', test: 'x-user, in any case' },
  { in: HEADERS, what: 'what is hop by hop goes on', file: 'gateway/src/forwarded-identity.ts', find: 'isOther(name) || isIdentity(name)', replace: 'isIdentity(name)', test: 'where a request came from' },
  { in: HEADERS, what: 'credentials go on', file: 'gateway/src/forwarded-identity.ts', find: ' || (isCredential(name) && !mayGoOn(name))', replace: '', test: 'authorization, in any case' },
  { in: HEADERS, what: 'claims of mod_auth_openidc go on', file: 'gateway/src/header-lists.ts', find: "'oidc-*', ", replace: '', test: 'OIDC_CLAIM_sub, in any case' },
  { in: HEADERS, what: 'an address by Fastly goes on', file: 'gateway/src/header-lists.ts', find: "'fastly-*', ", replace: '', test: 'Fastly-Client-IP, in any case' },
  { in: HEADERS, what: 'a path by Envoy goes on', file: 'gateway/src/header-lists.ts', find: "'x-envoy-*', ", replace: '', test: 'X-Envoy-Original-Path, in any case' },
  { in: HEADERS, what: 'two identities', file: 'gateway/src/forwarded.ts', find: 'if (lines.length > 1) return REPEATED', replace: '', test: 'two: 400' },
  { in: HEADERS, what: 'a forged header beside it', file: 'gateway/src/forwarded.ts', find: 'if (beside !== undefined) return BESIDE(beside)', replace: '', test: 'beside which stands X-User' },
  { in: HEADERS, what: 'its own name with _', file: 'gateway/src/forwarded.ts', find: '(spelling === own && name.toLowerCase() !== field)', replace: 'false', test: 'beside which stands countersign_identity' },
  { in: HEADERS, what: 'any method', file: 'gateway/src/forwarded.ts', find: 'if (htm !== method)', replace: 'if (false)', test: 'another method' },
  { in: HEADERS, what: 'any path', file: 'gateway/src/forwarded.ts', find: 'if (path !== target.path)', replace: 'if (false)', test: 'another path' },
  { in: HEADERS, what: 'any query', file: 'gateway/src/forwarded.ts', find: 'if (query !== target.query)', replace: 'if (false)', test: 'another query' },
  { in: HEADERS, what: 'access tokens are identities', file: 'gateway/src/forwarded.ts', find: 'type: IDENTITY_TYPE,', replace: "type: ['at+jwt', IDENTITY_TYPE],", test: 'an access token of the same issuer' },
  { in: HEADERS, what: 'identities that last', file: 'gateway/src/forwarded.ts', find: 'maxLifetime: LONGEST', replace: 'maxLifetime: 3000', test: 'longer than 30 seconds' },
  { in: HEADERS, what: 'it outlives the credential', file: 'gateway/src/identity-token.ts', find: 'Math.min(iat + lifetime, Math.floor(expiresAt ?? Number.POSITIVE_INFINITY))', replace: 'iat + lifetime', test: 'never outlives' },
  { in: HEADERS, what: 'halves of two keys', file: 'gateway/src/signing-key.ts', find: 'if (!createPublicKey(key).equals(shown))', replace: 'if (false)', test: 'option 4: it says' },
  { in: HEADERS, what: 'a secret of an issuer is shared', file: 'gateway/src/signing-key.ts', find: "authority.algorithm === 'HS256'", replace: 'false', test: 'option 9: it says' },
  { in: CHECK, what: 'everybody is a gateway', file: 'gateway/src/trusted-peers.ts', find: "family !== 0 && list.check(remoteAddress as string, family === 6 ? 'ipv6' : 'ipv4')", replace: 'true', test: 'by the address of its socket: 11.0.0.1' },
  { in: CHECK, what: 'a stranger is not told', file: 'gateway/src/original-request.ts', find: 'return spoken.length > 0 && decides ? PEER : request', replace: 'return request', test: 'by the address of its socket: 11.0.0.1' },
  { in: CHECK, what: 'zeros before the bits', file: 'gateway/src/trusted-peers.ts', find: '(0|[1-9]\\d{0,2})', replace: '\\d{1,3}', also: [{ file: 'gateway/src/trusted-peers.ts', find: 'Number(bits) === 0', replace: "bits === '0'" }], test: 'wrong options say what to do' },
  { in: CHECK, what: 'all of IPv4, as IPv6 writes it', file: 'gateway/src/trusted-peers.ts', find: ' || holdsAllOfIPv4(address, Number(bits), type)', replace: '', test: 'wrong options say what to do' },
  { in: CHECK, what: 'limits count the gateway', file: 'gateway/src/original-request.ts', find: '...(ip !== undefined && { ip }),', replace: '', test: 'conditions see that address' },
  { in: CHECK, what: 'both pairs', file: 'gateway/src/original-request.ts', find: 'spoken.length > 1 || ', replace: '', test: 'from both pairs' },
  { in: CHECK, what: 'two targets', file: 'gateway/src/original-request.ts', find: 'pair.some((lines) => lines.length !== 1)', replace: 'false', test: 'from two targets' },
  { in: CHECK, what: 'anybody asks as Envoy does', file: 'gateway/src/original-request.ts', find: 'isTrusted(request) && METHOD', replace: 'METHOD', test: 'Envoy names it' },
  { in: CHECK, what: 'another spelling of a path', file: 'gateway/src/gateway-routes.ts', find: 'if (meant.length !== fits.length) return AMBIGUOUS', replace: '', test: '/ADMIN is not guessed at' },
  { in: CHECK, what: 'paths that servers read in two ways', file: 'gateway/src/gateway-routes.ts', find: 'if (STRANGE.test(path)) return AMBIGUOUS', replace: '', test: '/posts/../admin is not guessed at' },
  { in: CHECK, what: 'hidden routes', file: 'gateway/src/gateway-routes.ts', find: 'if (hidden)', replace: 'if (false)', test: 'an error when it is made, 6' },
  { in: CHECK, what: 'statuses that nginx makes a 500 of', file: 'gateway/src/auth-check.ts', find: 'status === 400 ? 401 : 403', replace: 'status', test: '3: a status that nginx lets through' },
  { in: CHECK, what: 'names split headers', file: 'gateway/src/auth-check.ts', find: "headerValue(caller?.principal.subject ?? '')", replace: "caller?.principal.subject ?? ''", test: 'is percent-encoded' },
  { in: CHECK, what: 'answers are stored', file: 'gateway/src/auth-check.ts', find: "    'cache-control': 'no-store',\n", replace: '', test: 'of a caller: 204' },
  { in: CHECK, what: 'scopes that the credential lacks', file: 'policy/src/decision.ts', find: '...(proof.scopes && { scopes: proof.scopes }),', replace: '...(proof.principal as object),', test: 'has the scopes in force' },
]
