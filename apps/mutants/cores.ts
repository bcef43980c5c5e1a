// biome-ignore-all lint/suspicious/noTemplateCurlyInString: texts of sources
import type { Mutant } from './mutant.ts'

/** Guards of http, credentials, policy, schema, passwords and api-keys. */
// biome-ignore format: a table
export const coreMutants: readonly Mutant[] = [
  // credentials
  { what: 'two Authorization lines: the first is taken', file: 'credentials/src/authorization.ts', find: 'if (lines.length > 1)', replace: 'if (lines.length > 99)', killedBy: 'B05' },
  { what: 'the name of the scheme in one case only', file: 'credentials/src/authorization.ts', find: 'line.slice(0, scheme.length).toLowerCase() === scheme', replace: 'line.slice(0, scheme.length) === scheme[0].toUpperCase() + scheme.slice(1)', killedBy: 'B04' },
  { what: 'a scheme name that only begins like ours', file: 'credentials/src/authorization.ts', find: 'return false\n  return line.slice', replace: 'void 0\n  return line.slice', killedBy: 'B04' },
  { what: 'a credential of any length', file: 'credentials/src/authorization.ts', find: 'if (line.length - start > CREDENTIAL_LIMIT) return TOO_LONG', replace: '', killedBy: 'J21 basic' },
  { what: 'a bearer token of any length is a wrong token', file: 'credentials/src/authorization.ts', find: 'if (line.length - start > CREDENTIAL_LIMIT) return TOO_LONG', replace: '', killedBy: 'J21', also: [{ file: 'credentials/src/bearer.ts', find: "if (token.length > CREDENTIAL_LIMIT) return from === 'cookie' ? COOKIE_GRAMMAR : TOO_LONG", replace: '' }] },
  { what: 'any character in a bearer token', file: 'credentials/src/bearer.ts', find: 'B64TOKEN.test(token)', replace: 'true', killedBy: 'J11 white space' },
  { what: 'base64 of any shape', file: 'credentials/src/basic.ts', find: "if (bytes.toString('base64') !== value) return BASE64", replace: '', killedBy: 'B03' },
  { what: 'base64 with characters that are none', file: 'credentials/src/basic.ts', find: 'if (value.length % 4 !== 0 || !ALPHABET.test(value)) return BASE64', replace: '', killedBy: 'B03 alphabet', also: [{ file: 'credentials/src/basic.ts', find: "if (bytes.toString('base64') !== value) return BASE64", replace: '' }] },
  { what: 'Basic in any encoding', file: 'credentials/src/basic.ts', find: '{ fatal: true, ignoreBOM: true }', replace: '{}', killedBy: 'B02' },
  { what: 'control characters in Basic', file: 'credentials/src/basic.ts', find: 'if (CONTROLS.test(text)) return CONTROL', replace: '', killedBy: 'B03' },
  { what: 'Basic without a colon', file: 'credentials/src/basic.ts', find: 'if (colon === -1) return COLON', replace: '', killedBy: 'B03' },
  { what: 'the last colon ends the user name', file: 'credentials/src/basic.ts', find: "text.indexOf(':')", replace: "text.lastIndexOf(':')", killedBy: 'B03 colon' },
  { what: 'two API keys: the last is taken', file: 'credentials/src/api-key.ts', find: 'if (key !== undefined) return REPEATED', replace: '', killedBy: 'B05 kinds' },
  { what: 'any character in an API key', file: 'credentials/src/api-key.ts', find: 'VISIBLE.test(key)', replace: 'true', killedBy: 'K01' },
  // policy
  { what: 'two credentials: the first decides', file: 'policy/src/authenticate.ts', find: "return { kind: 'malformed', scheme: chosen.scheme, error: malformedFirst(chosen) ?? TWO, ambient: false }", replace: 'void 0', killedBy: 'B05 kinds' },
  { what: 'a wrong credential falls through as absent', file: 'policy/src/authenticate.ts', find: "return { kind: 'invalid', error, scheme }", replace: 'return ABSENT', killedBy: 'J02', alsoBreaks: ['B01', 'K02'] }, // a wrong password, a dead key
  { what: 'the error on no challenge', file: 'policy/src/refusal.ts', find: 'scheme === tried ? error : undefined', replace: 'undefined', killedBy: 'J02', alsoBreaks: ['K02', 'C03'] }, // a dead key; an author may not delete
  { what: 'the error on every challenge', file: 'policy/src/refusal.ts', find: 'scheme === tried ? error : undefined', replace: 'error', killedBy: 'J02', alsoBreaks: ['K02'] }, // a dead key
  { what: 'every challenge with a 403', file: 'policy/src/refusal.ts', find: '(status === 400 || status === 403) && tried ? [tried] : []', replace: '(status === 400 || status === 403) && tried ? schemes : []', killedBy: 'C05', alsoBreaks: ['C03'] }, // an author may not delete
  { what: 'no scope in the challenge', file: 'policy/src/bearer.ts', find: "return { error: error.code, scope: (error.scopes ?? []).join(' ') }", replace: 'return { error: error.code }', killedBy: 'C05', alsoBreaks: ['C03'] }, // an author may not delete
  { what: 'scopes by prefix', file: 'policy/src/rule.ts', find: 'held?.includes(wanted) === true', replace: 'held?.some((one) => one.startsWith(wanted)) === true', killedBy: 'C05' },
  { what: 'scopes ignored', file: 'policy/src/rule.ts', find: 'held?.includes(wanted) === true', replace: "kind === 'scope' || held?.includes(wanted) === true", killedBy: 'A01', alsoBreaks: ['C03'] }, // an author may not delete
  { what: 'roles ignored', file: 'policy/src/rule.ts', find: 'held?.includes(wanted) === true', replace: "kind === 'role' || held?.includes(wanted) === true", killedBy: 'C04', alsoBreaks: ['C03'] }, // an author may not delete
  { what: 'a test of a rule is never asked', file: 'policy/src/rule.ts', find: ": tell(trace, rule.name, held === true, 'no')", replace: ": tell(trace, rule.name, true, 'no')", killedBy: 'C04' },
  { what: 'a key gets what its maker lacks', file: 'domain/routes.ts', find: 'if (refusal) return refusal', replace: '', killedBy: 'K04' },
  { what: 'a mode in which nobody need prove anything', file: 'policy/src/policy.ts', find: "if (proof.kind === 'absent' && mode === 'required') return { proof, error: UNAUTHENTICATED }", replace: '', killedBy: 'A02 GET /posts', alsoBreaks: ['J01'] }, // whose handler asks who called, and throws
  { what: 'no challenge for who brings nothing', file: 'policy/src/refusal.ts', find: 'status === 401 ? schemes', replace: 'status === 401 && tried ? schemes', killedBy: 'J01' },
  { what: 'OPTIONS asks for a credential', file: 'domain/targets.ts', find: "if (method === 'OPTIONS') return empty(204, { allow: allowed.join(', ') })", replace: '', killedBy: 'A03' },
  { what: 'paths in any case', file: 'domain/targets.ts', find: 'part === segments[at]', replace: 'part.toLowerCase() === segments[at]?.toLowerCase()', killedBy: 'A02 GET /me' },
  { what: 'a ; ends the path', file: 'domain/targets.ts', find: "path.includes(';') ? [] : ", replace: '', killedBy: 'A02 GET /posts/1' },
  // http
  { what: 'duplicate members: the last wins', file: 'http/src/json-names.ts', find: "members === names ? undefined : 'duplicate'", replace: 'undefined', killedBy: 'V02' },
  { what: 'duplicate members where there are escapes: the last wins', file: 'http/src/json-names.ts', find: "if (frame.names.has(name)) return 'duplicate'", replace: '', killedBy: 'V02', also: [{ file: 'http/src/json-names.ts', find: "(isAsWritten(value, root) ? undefined : 'syntax')", replace: 'undefined' }] },
  { what: '__proto__ as any other name', file: 'http/src/json-names.ts', find: "name === '__proto__' || ", replace: '', killedBy: 'V01 prototype', also: [{ file: 'schema/src/hazard.ts', find: "if (name === '__proto__') return POISON", replace: '' }] },
  { what: 'constructor.prototype as any other name', file: 'http/src/json-names.ts', find: " || (name === 'constructor' && hasPrototype(member))", replace: '', killedBy: 'V01 constructor', also: [{ file: 'schema/src/hazard.ts', find: "if (name === 'constructor' && Object.hasOwn(member, 'prototype')) return POISON", replace: '' }] },
  { what: 'any depth', file: 'http/src/json-names.ts', find: "if (depth === maxDepth) return 'depth'", replace: '', killedBy: 'V01 depth', also: [{ file: 'schema/src/hazard.ts', find: 'if (depth === DEPTH) return TOO_DEEP', replace: '' }] },
  { what: 'bad UTF-8 replaced', file: 'http/src/json.ts', find: 'fatal: true, ignoreBOM: true', replace: 'ignoreBOM: true', killedBy: 'V02' },
  { what: 'a byte order mark taken off', file: 'http/src/json.ts', find: 'if (text.charCodeAt(0) === 0xfeff) return BOM', replace: 'if (text.charCodeAt(0) === 0xfeff) return parseJson(bytes.subarray(3), limits)', killedBy: 'V02' },
  { what: 'any media type that begins like JSON', file: 'http/src/body.ts', find: '&& PARAMETERS.test(lower.slice(type.length))', replace: '', killedBy: 'V03' },
  { what: 'the first of two content types', file: 'http/src/body.ts', find: 'contentTypes.length !== 1 ||', replace: 'contentTypes.length === 0 ||', killedBy: 'V03' },
  { what: 'content encodings ignored', file: 'http/src/body.ts', find: "headerLines(message, 'content-encoding').length > 0 || ", replace: '', killedBy: 'V03' },
  { what: 'Content-Length is not looked at', file: 'http/src/body.ts', find: 'if (length !== undefined && Number(length) > options.limit) return TOO_LARGE', replace: '', killedBy: 'V04 length' },
  { what: 'chunks of any length', file: 'http/src/body.ts', find: 'if (size > limit) {', replace: 'if (size > 1e9) {', killedBy: 'V04' },
  { what: 'refusals may be cached', file: 'http/src/answer.ts', find: "'cache-control': 'no-store',\n", replace: '', killedBy: 'J01', alsoBreaks: ['P05', 'B01', 'K02', 'V03', 'C03'] }, // each has a refusal, and of every refusal it is asked
  { what: 'headers that are too large are called malformed', file: 'http/src/client-error.ts', find: "BY_CODE[error.code ?? ''] ?? MALFORMED", replace: 'MALFORMED', killedBy: 'J21 headers' },
  { what: 'an error tells of no issues', file: 'http/src/answer.ts', find: '...(error.issues && { errors: error.issues.map(({ pointer, detail }) => ({ pointer, detail })) }),', replace: '', killedBy: 'V05' },
  { what: 'what fails below the framework is left to node', file: 'node/app.ts', find: "return server.on('clientError', answerClientError)", replace: 'return server', killedBy: 'P04' },
  // api-keys
  { what: 'a checksum is not looked at', file: 'api-keys/src/key-text.ts', find: 'if (checksumOf(key.slice(0, end)) !== key.slice(end)) return undefined', replace: '', killedBy: 'K01' },
  { what: 'any secret under a right id', file: 'api-keys/src/verify-key.ts', find: 'const matching = findSecret(record, text.secret)', replace: 'const matching = record.secrets[0]', killedBy: 'K01 secret' },
  { what: 'a revoked key', file: 'api-keys/src/verify-key.ts', find: 'if (record.revokedAt !== undefined) return REVOKED', replace: '', killedBy: 'K02' },
  { what: 'an expired key', file: 'api-keys/src/verify-key.ts', find: '    if (now() >= end) return EXPIRED\n', replace: '', killedBy: 'K01 expired', also: [{ file: 'api-keys/src/verify-key.ts', find: 'if (now() >= known.end) return EXPIRED', replace: '' }] },
  { what: 'a key that changed is remembered as it was', file: 'api-keys/src/verify-key.ts', find: 'if (entry?.version !== known.version) {', replace: 'if (false) {', killedBy: 'K02' },
  { what: 'a rotation without an overlap', file: 'api-keys/src/api-keys.ts', find: 'stored.until > time)', replace: 'stored.until > time + overlap)', killedBy: 'K02' },
  { what: "another's key is one's own", file: 'api-keys/src/api-keys.ts', find: 'key && (subject === undefined || key.record.subject === subject) ? key : undefined', replace: 'key', killedBy: 'K05' },
  { what: "a list of everyone's keys", file: 'api-keys/src/api-keys.ts', find: 'key && (subject === undefined || key.record.subject === subject) ? key : undefined', replace: 'key', killedBy: 'K03', also: [{ file: 'api-keys/src/subject-index.ts', find: "return `api-key-of:${hash('sha256', subject, 'base64url')}:`", replace: "return 'api-key-of:'" }, { file: 'api-keys/src/api-keys.ts', find: 'a.record.createdAt - b.record.createdAt', replace: 'Number(b.record.subject === subject) - Number(a.record.subject === subject)' }] }, // the own first, so that K02, which looks at the first, passes
  { what: 'a scan beyond its prefix', file: 'store/src/memory.ts', find: 'if (!key.startsWith(prefix)) return', replace: '', killedBy: 'K05 list', also: [{ file: 'api-keys/src/api-keys.ts', find: 'key && (subject === undefined || key.record.subject === subject) ? key : undefined', replace: 'key' }, { file: 'api-keys/src/api-keys.ts', find: 'a.record.createdAt - b.record.createdAt', replace: 'Number(b.record.subject === subject) - Number(a.record.subject === subject)' }] }, // the own first, so that K02, which looks at the first, passes
  { what: 'the secret of a key may be cached', file: 'domain/routes.ts', find: 'json(201, { id, key }, SECRET)', replace: 'json(201, { id, key })', killedBy: 'K02' },
  { what: 'keys are managed with any credential', file: 'domain/policies.ts', find: "policy({ name: 'manage keys', accept: token,", replace: "policy({ name: 'manage keys', accept: any,", killedBy: 'K06' },
  { what: 'keys are managed with any scope', file: 'domain/policies.ts', find: "accept: token, scopes: ['keys:manage']", replace: 'accept: token', killedBy: 'K06' },
  // passwords
  { what: 'any password of a user', file: 'passwords/src/password.ts', find: 'return timingSafeEqual(await stored.derive(password), stored.digest)', replace: 'return true', killedBy: 'B01' },
  { what: 'what was right is remembered without its password', file: 'passwords/src/verified-cache.ts', find: '${lengths}:${place}${username}${password}${hash}', replace: '${username.length}:${place}${username}${hash}', killedBy: 'B01' },
  { what: 'user names in any case', file: 'domain/users.ts', find: 'WHERE username = ?', replace: 'WHERE username = ? COLLATE NOCASE', killedBy: 'B01' },
  { what: 'an unknown user has an answer of its own', file: 'passwords/src/login.ts', find: '(yes && user ? knownUser(user) : WRONG)', replace: "(yes && user ? knownUser(user) : user ? WRONG : authError('invalid_credentials', 'x', { detail: 'Nobody has this name.' }))", killedBy: 'L02', alsoBreaks: ['B01'] }, // the same is asked of Basic there
  { what: 'a login that failed without a challenge', file: 'passwords/src/login.ts', find: 'problem(result, result === WRONG ? [`Bearer realm="${realm}"`] : [])', replace: 'problem(result)', killedBy: 'L02' },
  { what: 'a login may be cached', file: 'domain/routes.ts', find: 'json(200, await own.issue(await users.require(body, request), deviceOf(request)), SECRET)', replace: 'json(200, await own.issue(await users.require(body, request), deviceOf(request)))', killedBy: 'L01' },
  { what: 'a token in the query', file: 'domain/policies.ts', find: 'bearer(own, { realm })', replace: "bearer(own, { realm, query: 'access_token' })", killedBy: 'B06' },
  { what: 'a token in a cookie', file: 'domain/policies.ts', find: 'bearer(own, { realm })', replace: "bearer(own, { realm, cookie: 'access_token' })", killedBy: 'B06' },
  { what: 'the query before the header', file: 'credentials/src/bearer.ts', find: "let token = readAuthorization(request, 'bearer')", replace: "let token = readQuery(request, 'access_token') ?? readAuthorization(request, 'bearer')", killedBy: 'B06 order' },
  // targets
  { what: 'X-Original-URL is believed', file: 'domain/targets.ts', find: 'const target = targetOf(request)', replace: "const target = String(messageOf(request).headers['x-original-url'] ?? targetOf(request))", killedBy: 'A01' },
  { what: 'X-HTTP-Method-Override is believed', file: 'domain/targets.ts', find: 'const { method } = messageOf(request)', replace: "const method = String(messageOf(request).headers['x-http-method-override'] ?? messageOf(request).method)", killedBy: 'A01' },
  { what: 'a slash at the end is no matter', file: 'domain/targets.ts', find: "const segments = path.split('/')", replace: "const segments = path.replace(/(?<=.)\\/$/, '').split('/')", killedBy: 'A02 GET /me' },
  { what: 'double slashes are one', file: 'domain/targets.ts', find: "const segments = path.split('/')", replace: "const segments = path.replace(/\\/+/g, '/').split('/')", killedBy: 'A02 GET /me' },
  { what: 'paths are decoded before they are matched', file: 'domain/targets.ts', find: "const segments = path.split('/')", replace: "const segments = decodeURIComponent(path).split('/')", killedBy: 'A02 GET /me' },
  { what: 'an absolute target is a path', file: 'domain/targets.ts', find: "!target.startsWith('/') || ", replace: '', killedBy: 'P02' },
  { what: 'malformed percent-encoding is let through', file: 'domain/targets.ts', find: ' || STRAY.test(target) || !isUtf8(target)', replace: '', killedBy: 'P02' },
  { what: 'a wrong method is not found', file: 'domain/targets.ts', find: "authError('method_not_allowed', 'target.method', { headers: { allow: allowed.join(', ') } })", replace: 'UNKNOWN', killedBy: 'P01', alsoBreaks: ['P05'] }, // which asks for one 405
  { what: 'a 405 without Allow', file: 'domain/targets.ts', find: "authError('method_not_allowed', 'target.method', { headers: { allow: allowed.join(', ') } })", replace: "authError('method_not_allowed', 'target.method')", killedBy: 'P01' },
  { what: 'HEAD is no GET', file: 'domain/targets.ts', find: "method === 'HEAD' ? 'GET' : method", replace: 'method', killedBy: 'P03' },
  { what: 'a body is read before it is known whose post it is', file: 'node/app.ts', find: 'if (refused) return refused', replace: '', killedBy: 'C04' },
  { what: 'an id in any spelling', file: 'domain/routes.ts', find: '/^[1-9][0-9]{0,14}$/.test(id ?? \'\')', replace: "Number.isInteger(Number(id))", killedBy: 'C07 spelling' },
  { what: 'a body is read before the policy passed', file: 'node/app.ts', find: "    const verdict = await route.policy.check(request)\n    if (verdict?.status !== undefined) return verdict\n    const refused = await route.first?.({ request, params })\n    if (refused) return refused\n", replace: '', killedBy: 'V04 order', also: [{ file: 'node/app.ts', find: "if ('error' in checked) return checked", replace: "if ('error' in checked) return checked\n    const verdict = await route.policy.check(request)\n    if (verdict?.status !== undefined) return verdict\n    const refused = await route.first?.({ request, params })\n    if (refused) return refused" }] },
  // schema: as the sample uses it
  { what: 'unknown members of a post are let through', file: 'domain/schemas.ts', find: "required: ['title', 'body'],\n  additionalProperties: false,", replace: "required: ['title', 'body'],", killedBy: 'V01' },
  { what: 'unknown members of a key are let through', file: 'domain/schemas.ts', find: "required: ['name', 'scopes'],\n  additionalProperties: false,", replace: "required: ['name', 'scopes'],", killedBy: 'K03' },
  { what: 'a login of any shape', file: 'domain/schemas.ts', find: "required: ['username', 'password'],\n  additionalProperties: false,", replace: "required: ['username', 'password'],", killedBy: 'L03' },
  { what: 'a parameter that is missing', file: 'domain/schemas.ts', find: "  required: ['param'],\n", replace: '', killedBy: 'C01' },
  { what: 'the first of a repeated parameter', file: 'schema/src/text.ts', find: 'value[name] = convert(given, kind)', replace: 'value[name] = convert([given].flat()[0], kind)', killedBy: 'C01', also: [{ file: 'schema/src/text.ts', find: 'if (isScalar && Array.isArray(given)) {', replace: 'if (false) {' }] },
  { what: 'an empty object', file: 'domain/schemas.ts', find: ', minProperties: 1', replace: '', killedBy: 'C02' },
  { what: 'a post that is gone is there', file: 'domain/posts.ts', find: 'remove.run(id).changes > 0', replace: 'id > 0', killedBy: 'C03' },
  { what: 'numbers in any spelling', file: 'schema/src/text.ts', find: 'NUMBER.test(text)', replace: "text !== '' && Number.isFinite(Number(text))", killedBy: 'C06' },
  { what: 'texts are not converted', file: 'schema/src/text.ts', find: 'if (isExact || types.has(\'number\')) return number', replace: '', killedBy: 'C06' },
  { what: 'pages of any length', file: 'domain/schemas.ts', find: ", minimum: 1, maximum: 100 }", replace: ' }', killedBy: 'C06' },
  { what: 'a cursor of any kind', file: 'domain/schemas.ts', find: "cursor: { type: 'string', pattern: '^[0-9]{1,15}$' }", replace: "cursor: { type: 'string' }", killedBy: 'C06' },
  { what: 'what is missing is not pointed at', file: 'schema/src/issue.ts', find: "  required: 'missingProperty',\n", replace: '', killedBy: 'V05' },
  { what: 'pointers are not escaped', file: 'schema/src/plain.ts', find: "name.replaceAll('~', '~0').replaceAll('/', '~1')", replace: 'name', killedBy: 'V05' },
  { what: 'the value is echoed', file: 'schema/src/issue.ts', find: "const detail = DETAIL[error.keyword]?.(error.params) ?? 'does not fit its schema'", replace: "const detail = `${DETAIL[error.keyword]?.(error.params)}, got ${JSON.stringify(error.data)}`", killedBy: 'V05', also: [{ file: 'schema/src/compile.ts', find: '  messages: false,\n', replace: '  messages: false,\n  verbose: true,\n' }] },
  // in a server that existed before
  { host: 'plugged express 4', what: 'what body-parser 1 leaves for a body that it did not take is a body', file: 'http/src/input.ts', find: 'read === false && isEmpty(parsed)', replace: 'false', killedBy: 'G05' },
  { what: 'a body is asked for before the policy passed', file: 'domain/serve.ts', find: "server.on('checkContinue'", replace: "server.on('never'", killedBy: 'P06' },
]
