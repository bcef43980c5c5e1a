import type { Mutant } from './mutant.ts'

/** Guards of http, credentials, policy, schema, passwords and api-keys. */
// biome-ignore format: a table
export const coreMutants: readonly Mutant[] = [
  // credentials
  { what: 'two Authorization lines: the first is taken', file: 'credentials/src/authorization.ts', find: 'if (lines.length > 1)', replace: 'if (lines.length > 99)', killedBy: 'B05' },
  { what: 'the name of the scheme in one case only', file: 'credentials/src/authorization.ts', find: 'line.slice(0, scheme.length).toLowerCase() === scheme', replace: 'line.slice(0, scheme.length) === scheme[0].toUpperCase() + scheme.slice(1)', killedBy: 'B04' },
  { what: 'a scheme name that only begins like ours', file: 'credentials/src/authorization.ts', find: 'return false\n  return line.slice', replace: 'void 0\n  return line.slice', killedBy: 'B04' },
  { what: 'a credential of any length', file: 'credentials/src/authorization.ts', find: 'if (line.length - start > CREDENTIAL_LIMIT) return TOO_LONG', replace: '', killedBy: 'J21 grammar' },
  { what: 'any character in a bearer token', file: 'credentials/src/bearer.ts', find: 'B64TOKEN.test(token)', replace: 'true', killedBy: 'J11 white space' },
  { what: 'base64 of any shape', file: 'credentials/src/basic.ts', find: "if (bytes.toString('base64') !== value) return BASE64", replace: '', killedBy: 'B03' },
  { what: 'base64 with characters that are none', file: 'credentials/src/basic.ts', find: 'if (value.length % 4 !== 0 || !ALPHABET.test(value)) return BASE64', replace: '', killedBy: 'B03 latin' },
  { what: 'Basic in any encoding', file: 'credentials/src/basic.ts', find: '{ fatal: true, ignoreBOM: true }', replace: '{}', killedBy: 'B02' },
  { what: 'control characters in Basic', file: 'credentials/src/basic.ts', find: 'if (CONTROLS.test(text)) return CONTROL', replace: '', killedBy: 'B03' },
  { what: 'Basic without a colon', file: 'credentials/src/basic.ts', find: 'if (colon === -1) return COLON', replace: '', killedBy: 'B03' },
  { what: 'the last colon ends the user name', file: 'credentials/src/basic.ts', find: "text.indexOf(':')", replace: "text.lastIndexOf(':')", killedBy: 'B03 colon' },
  { what: 'two API keys: the last is taken', file: 'credentials/src/api-key.ts', find: 'if (key !== undefined) return REPEATED', replace: '', killedBy: 'B05 kinds' },
  { what: 'any character in an API key', file: 'credentials/src/api-key.ts', find: 'VISIBLE.test(key)', replace: 'true', killedBy: 'K01' },
  // policy
  { what: 'two credentials: the first decides', file: 'policy/src/authenticate.ts', find: "return { kind: 'malformed', scheme: chosen.scheme, error: malformedFirst(chosen) ?? TWO }", replace: 'void 0', killedBy: 'B05 kinds' },
  { what: 'a wrong credential falls through as absent', file: 'policy/src/authenticate.ts', find: "return { kind: 'invalid', error, scheme }", replace: 'return ABSENT', killedBy: 'J02' },
  { what: 'the error on no challenge', file: 'policy/src/refusal.ts', find: 'scheme === tried ? error : undefined', replace: 'undefined', killedBy: 'J02' },
  { what: 'the error on every challenge', file: 'policy/src/refusal.ts', find: 'scheme === tried ? error : undefined', replace: 'error', killedBy: 'J02' },
  { what: 'every challenge with a 403', file: 'policy/src/refusal.ts', find: '(status === 400 || status === 403) && tried ? [tried] : []', replace: '(status === 400 || status === 403) && tried ? schemes : []', killedBy: 'C05' },
  { what: 'no scope in the challenge', file: 'policy/src/bearer.ts', find: "return { error: error.code, scope: (error.scopes ?? []).join(' ') }", replace: 'return { error: error.code }', killedBy: 'C05' },
  { what: 'scopes by prefix', file: 'policy/src/rule.ts', find: 'holder.scopes?.includes(rule.scope) === true', replace: 'holder.scopes?.some((s) => s.startsWith(rule.scope)) === true', killedBy: 'C05' },
  { what: 'scopes ignored', file: 'policy/src/rule.ts', find: 'holder.scopes?.includes(rule.scope) === true', replace: 'true', killedBy: 'A01' },
  { what: 'roles ignored', file: 'policy/src/rule.ts', find: 'holder.roles?.includes(rule.role) === true', replace: 'true', killedBy: 'C04' },
  { what: 'a test of a rule is never asked', file: 'policy/src/rule.ts', find: ": tell(trace, rule.name, held === true, 'no')", replace: ": tell(trace, rule.name, true, 'no')", killedBy: 'C04' },
  { what: 'a key gets what its maker lacks', file: 'domain/routes.ts', find: 'if (refusal) return refusal', replace: '', killedBy: 'K04' },
  { what: 'a mode in which nobody need prove anything', file: 'policy/src/policy.ts', find: "mode === 'required' ? { proof, error: UNAUTHENTICATED } : { proof }", replace: '{ proof }', killedBy: 'J01' },
  { what: 'OPTIONS asks for a credential', file: 'domain/targets.ts', find: "if (method === 'OPTIONS') return empty(204, { allow: allowed.join(', ') })", replace: '', killedBy: 'A03' },
  { what: 'paths in any case', file: 'domain/targets.ts', find: 'part === segments[at]', replace: 'part.toLowerCase() === segments[at]?.toLowerCase()', killedBy: 'A02 GET /me' },
  { what: 'a ; ends the path', file: 'domain/targets.ts', find: "path.includes(';') ? [] : ", replace: '', killedBy: 'A02 GET /posts/1' },
  // http
  { what: 'duplicate members: the last wins', file: 'http/src/json.ts', find: 'if (frame.names.has(name)) return DUPLICATE', replace: '', killedBy: 'V02' },
  { what: '__proto__ as any other name', file: 'http/src/json.ts', find: "if (name === '__proto__') return POISON", replace: '', killedBy: 'V01 prototype' },
  { what: 'constructor.prototype as any other name', file: 'http/src/json.ts', find: "if (name === 'prototype' && frames.at(-2)?.last === 'constructor') return POISON", replace: '', killedBy: 'V01 prototype' },
  { what: 'any depth', file: 'http/src/json.ts', find: 'if (frames.length === maxDepth) return DEPTH', replace: '', killedBy: 'V01 prototype' },
  { what: 'bad UTF-8 replaced', file: 'http/src/json.ts', find: 'fatal: true, ignoreBOM: true', replace: 'ignoreBOM: true', killedBy: 'V02' },
  { what: 'a byte order mark taken off', file: 'http/src/json.ts', find: 'fatal: true, ignoreBOM: true', replace: 'fatal: true', killedBy: 'V02' },
  { what: 'any media type that begins like JSON', file: 'http/src/body.ts', find: '&& PARAMETERS.test(lower.slice(type.length))', replace: '', killedBy: 'V03' },
  { what: 'the first of two content types', file: 'http/src/body.ts', find: 'contentTypes.length !== 1 ||', replace: 'contentTypes.length === 0 ||', killedBy: 'V03' },
  { what: 'content encodings ignored', file: 'http/src/body.ts', find: "if (headerLines(message, 'content-encoding').length > 0) return CODING", replace: '', killedBy: 'V03' },
  { what: 'Content-Length is not looked at', file: 'http/src/body.ts', find: 'if (length !== undefined && Number(length) > options.limit) return TOO_LARGE', replace: '', killedBy: 'V04 length' },
  { what: 'chunks of any length', file: 'http/src/body.ts', find: 'if (size > limit) {', replace: 'if (size > 1e9) {', killedBy: 'V04' },
  { what: 'refusals may be cached', file: 'http/src/answer.ts', find: "'cache-control': 'no-store',\n", replace: '', killedBy: 'J01' },
  { what: 'headers that are too large are called malformed', file: 'http/src/client-error.ts', find: "BY_CODE[error.code ?? ''] ?? MALFORMED", replace: 'MALFORMED', killedBy: 'J21' },
  // schema: as the sample uses it
  { what: 'unknown members of a post are let through', file: 'domain/schemas.ts', find: "required: ['title', 'body'],\n  additionalProperties: false,", replace: "required: ['title', 'body'],", killedBy: 'V01' },
  { what: 'unknown members of a key are let through', file: 'domain/schemas.ts', find: "required: ['name', 'scopes'],\n  additionalProperties: false,", replace: "required: ['name', 'scopes'],", killedBy: 'K03' },
]
