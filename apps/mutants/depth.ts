// biome-ignore-all lint/suspicious/noTemplateCurlyInString: texts of sources
import type { Mutant } from './mutant.ts'

const ECHO = 'domain/echo.ts'
const SIGNATURE = 'http-signatures/src/http-signature.ts'
const GUARD = 'http-signatures/src/guard-body.ts'
const ANSWERS = 'http-signatures/src/sign-answers.ts'
const LOGINS = 'rate-limits/src/login-limits.ts'
const CHECK = 'gateway/src/auth-check.ts'

/** Guards of what stands around a request: signatures, encryption, limits, the record, the gate. */
// biome-ignore format: a table
export const depthMutants: readonly Mutant[] = [
  // the echoes
  { what: 'an answer to any request', file: ANSWERS, find: "component('@target-uri', REQ),", replace: '', killedBy: 'D10' },
  { what: 'an answer with any body', file: ANSWERS, find: "['content-digest', 'content-type'].filter(", replace: "['content-type'].filter(", killedBy: 'D10' },
  { what: 'the token alone will do', file: ECHO, find: 'accept: allOf(token, signature)', replace: 'accept: token', killedBy: 'D11' },
  { what: 'a digest that is not computed again', file: GUARD, find: "if (event === 'end' && !check.isRight()) {", replace: "if (event === 'end' && false) {", killedBy: 'D12' },
  { what: 'a refused body is one that broke off', file: 'http/src/body.ts', find: 'isRefused(why) ? why.error : BROKEN', replace: 'BROKEN', killedBy: 'D12' },
  { what: 'a later refusal blames the first of two credentials', file: 'policy/src/refusal.ts', find: 'isOfMany(pass) ? undefined : pass.scheme', replace: 'pass.scheme', killedBy: 'D12' },
  { what: 'a signature counts more than once', file: SIGNATURE, find: 'if (!isFirst) return REPLAYED', replace: '', killedBy: 'D13' },
  { what: 'what was decrypted goes out as it is', file: ECHO, find: "Buffer.from(await encryptBody({ echo: value }, key))", replace: "Buffer.from(JSON.stringify({ echo: value }))", killedBy: 'D14' },
  { what: 'an encrypted body of anyone', file: ECHO, find: "policy: policy({ name: 'encrypted echo', accept: token })", replace: "policy: policy({ name: 'encrypted echo', accept: token, mode: 'optional' })", killedBy: 'D15' },
  // the document
  { what: 'a document without scopes', file: 'inventory/src/security.ts', find: '[name, [...scopes].sort()]', replace: '[name, []]', killedBy: 'D30' },
  { what: 'a route that the document calls open', file: 'domain/openapi.ts', find: 'return [...routes, ...brought]', replace: "return [...routes.map((route) => (route.path === '/sessions' ? { ...route, policy: anyone } : route)), ...brought]", killedBy: 'D31' },
  // limits
  { what: 'failed logins without end', file: LOGINS, find: 'if (!count || !isOver(count, budget)) return { count, ended }', replace: 'return { count, ended }', killedBy: 'R01' },
  { what: 'another case of a name is another user', file: 'rate-limits/src/username.ts', find: '      .toUpperCase()\n      .toLowerCase()\n', replace: '', killedBy: 'R01' },
  { what: 'Basic is not counted', file: 'passwords/src/login.ts', find: 'limited ? limited.verify(credential, request, recent, asking?.dry) : attempt(credential, recent)', replace: 'attempt(credential, recent)', killedBy: 'R01' },
  { what: 'a limit is a 401', file: 'rate-limits/src/login-limits.ts', find: "authError('too_many_requests', 'login.limit'", replace: "authError('invalid_credentials', 'login.limit'", killedBy: 'R01' },
  { what: 'a right password ends no count', file: LOGINS, find: '            () => store.delete(pairKey),\n', replace: '', killedBy: 'R02' },
  { what: 'the old form makes a 400 of a limit', file: 'domain/oauth-legacy.ts', find: ' || thrown.status === 429', replace: '', killedBy: 'R03' },
  { what: 'whoever asks is nobody', file: CHECK, find: "headerValue(caller?.principal.subject ?? '')", replace: "''", killedBy: 'D20' },
  { what: 'what another says of a request is heard', file: 'gateway/src/original-request.ts', find: 'if (!isTrusted(request)) return spoken.length > 0 && decides ? PEER : request', replace: 'if (!isTrusted(request)) return spoken.length > 0 ? PEER : request', killedBy: 'D21' },
  { what: 'nginx gets a status that it makes a 500 of', file: CHECK, find: 'asNginx ? forNginx(answer) : answer', replace: 'answer', killedBy: 'D22' },
]
