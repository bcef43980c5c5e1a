// biome-ignore-all lint/suspicious/noTemplateCurlyInString: texts of sources
import type { Change, Mutant } from './mutant.ts'

const T = 'tokens/src/'
/** The chain of J02 and J03, each of whose links holds alone: allow-list, key by alg, key's own algorithms. */
const ANY_ALG: readonly Change[] = [
  { file: `${T}jws.ts`, find: 'if (!algorithms.includes(alg as Algorithm))', replace: 'if (false)' },
  { file: `${T}key-set.ts`, find: '!key.algorithms.includes(alg) || ', replace: '' },
  { file: `${T}jws.ts`, find: 'if (!key?.algorithms.includes(alg)) return KEY', replace: 'if (!key) return KEY' },
]
const lenient = (fault: string, text: string) =>
  `let parsed = parseJson(bytes)\n  if (isAuthError(parsed) && parsed.reason === '${fault}') parsed = { value: JSON.parse(${text}) }`

/** Guards of tokens, and of what the sample does with them. */
// biome-ignore format: a table
export const tokenMutants: readonly Mutant[] = [
  // parse
  { what: 'duplicate members: the last wins', file: `${T}parse.ts`, find: 'const parsed = parseJson(bytes)', replace: lenient('json.duplicate', 'Buffer.from(bytes).toString()'), killedBy: 'J10' },
  { what: 'a byte order mark taken off', file: `${T}parse.ts`, find: 'const parsed = parseJson(bytes)', replace: lenient('json.bom', 'Buffer.from(bytes.subarray(3)).toString()'), killedBy: 'J11 bytes' },
  { what: 'bad UTF-8 replaced', file: `${T}parse.ts`, find: 'const parsed = parseJson(bytes)', replace: lenient('json.utf8', 'Buffer.from(bytes).toString()'), killedBy: 'J11 bytes' },
  { what: 'padding taken off', file: `${T}parse.ts`, find: 'const spare = SPARE[segment.length % 4] as number', replace: "segment = segment.replace(/=+$/, '')\n  const spare = SPARE[segment.length % 4] as number", killedBy: 'J11 padding' },
  { what: 'base64 as good as base64url', file: `${T}parse.ts`, find: "if (!isAscii(compact) || compact.includes('+') || compact.includes('/')) return BASE64URL", replace: '', killedBy: 'J11 alphabet' },
  { what: 'unused bits are not looked at', file: `${T}parse.ts`, find: 'if (((VALUE[segment.charCodeAt(segment.length - 1)] ?? 0) & spare) !== 0) return undefined', replace: '', killedBy: 'J11 last character' },
  { what: 'characters that a decoder skips', file: `${T}parse.ts`, find: 'return bytes.length === Math.floor((segment.length * 3) / 4) ? bytes : undefined', replace: 'return bytes', killedBy: 'J11 skipped' },
  { what: 'more than three segments', file: `${T}parse.ts`, find: " || compact.indexOf('.', second + 1) !== -1", replace: '', killedBy: 'J11 segments', also: [{ file: `${T}parse.ts`, find: 'signature: compact.slice(second + 1),', replace: "signature: compact.slice(second + 1).split('.')[0]," }] },
  { what: 'a key in the header', file: `${T}parse.ts`, find: "['jwk', 'jku'", replace: "['jku'", killedBy: 'J04' },
  { what: 'the key in the header is the one that verifies', file: `${T}parse.ts`, find: "['jwk', 'jku'", replace: "['jku'", killedBy: 'J04 stranger', also: [{ file: `${T}jws.ts`, find: 'signedBy(jws, found)', replace: "signedBy(jws, jws.header.jwk ? { algorithms: [alg], key: createPublicKey({ key: jws.header.jwk, format: 'jwk' }) } : found)" }, { file: `${T}jws.ts`, find: "import { quote } from './quote.ts'", replace: "import { createPublicKey } from 'node:crypto'\nimport { quote } from './quote.ts'" }] },
  { what: 'jku is let through', file: `${T}parse.ts`, find: "'jku', ", replace: '', killedBy: 'J05' },
  { what: 'x5u is let through', file: `${T}parse.ts`, find: "'x5u', ", replace: '', killedBy: 'J05' },
  { what: 'x5c is let through', file: `${T}parse.ts`, find: "'x5c', ", replace: '', killedBy: 'J05' },
  { what: 'the address in jku is called, though the token is refused', file: `${T}parse.ts`, find: 'if (forbidden) return forbidden', replace: "if (name === 'jku') fetch(String(parsed.value.jku)).catch(() => {})\n    if (forbidden) return forbidden", killedBy: 'J05' },
  { what: 'crit is let through', file: `${T}parse.ts`, find: "'crit', ", replace: '', killedBy: 'J08' },
  { what: 'b64 is let through', file: `${T}parse.ts`, find: "'b64', ", replace: '', killedBy: 'J08 b64' },
  { what: 'zip is let through', file: `${T}parse.ts`, find: ", 'zip'", replace: '', killedBy: 'J08 zip' },
  { what: 'a kid of any type, compared as text', file: `${T}parse.ts`, find: "if (kid !== undefined && (typeof kid !== 'string' || kid.length > 256)) return KID", replace: '', killedBy: 'J06 type', also: [{ file: `${T}key-set.ts`, find: 'key.kid !== kid', replace: 'String(key.kid) !== String(kid)' }] },
  { what: 'a token of any length', file: `${T}parse.ts`, find: 'MAX_TOKEN = 8192', replace: 'MAX_TOKEN = 1e6', killedBy: 'J21', also: [{ file: 'credentials/src/authorization.ts', find: 'CREDENTIAL_LIMIT = 8192', replace: 'CREDENTIAL_LIMIT = 1e6' }] },
  // key and signature
  { what: 'alg none has nothing to verify', file: `${T}jws.ts`, find: 'return row?.verify(key.key, jws.signed, jws.signature) ?', replace: 'return !row || row.verify(key.key, jws.signed, jws.signature) ?', killedBy: 'J02', also: ANY_ALG },
  { what: 'an empty signature has nothing to verify', file: `${T}jws.ts`, find: 'return row?.verify(', replace: 'return jws.signature.length === 0 || row?.verify(', killedBy: 'J02 unsigned' },
  { what: 'a public key is a secret as good as any', file: `${T}algorithm.ts`, find: "createHmac(hash, key)", replace: "createHmac(hash, key.type === 'secret' ? key : key.export({ type: 'spki', format: 'pem' }))", killedBy: 'J03', also: [{ file: `${T}algorithm.ts`, find: "key.type === 'secret' &&\n", replace: '' }, ...ANY_ALG] },
  { what: 'signatures are not verified', file: `${T}jws.ts`, find: 'row?.verify(key.key, jws.signed, jws.signature) ?', replace: 'row ?', killedBy: 'J03 other key' },
  { what: "the key's own algorithm, whatever the header says", file: `${T}jws.ts`, find: 'algorithmRow(alg)', replace: 'algorithmRow(key.algorithms[0])', killedBy: 'J03 other alg', also: ANY_ALG },
  { what: 'a kid that nobody knows finds a key', file: `${T}key-set.ts`, find: '(kid !== undefined && key.kid !== kid)', replace: 'false', killedBy: 'J06' },
  { what: 'the first of the keys alone verifies', file: `${T}key-set.ts`, find: 'for (const key of keys)', replace: 'for (const key of keys.slice(0, 1))', killedBy: 'J22' },
  { what: 'ECDSA signatures as DER alone', file: `${T}algorithm.ts`, find: 'derSignature(signature, half)', replace: 'signature', killedBy: 'J22' },
  { what: 'the private half of a key is published', file: `${T}signing-keys.ts`, find: "'n', 'e']", replace: "'n', 'e', 'd']", killedBy: 'P05' },
  { what: 'the public keys may not be cached', file: `${T}local-issuer.ts`, find: ", 'cache-control': `public, max-age=${maxAge}` })", replace: ' })', killedBy: 'P05' },
  // claims
  { what: 'exp is not looked at', file: `${T}claims.ts`, find: 'if (seconds >= exp + leeway)', replace: 'if (false)', killedBy: 'J13 dates' },
  { what: 'nbf is not looked at', file: `${T}claims.ts`, find: 'if (nbf !== undefined && seconds < nbf - leeway)', replace: 'if (false)', killedBy: 'J13 dates' },
  { what: 'iat in the future is not looked at', file: `${T}claims.ts`, find: 'if (iat !== undefined && seconds < iat - leeway)', replace: 'if (false)', killedBy: 'J13 dates' },
  { what: 'a leeway of five minutes', file: `${T}options.ts`, find: 'options.leeway, 30, [0, 300]', replace: 'options.leeway, 300, [0, 300]', killedBy: 'J13 dates' },
  { what: 'a token without exp', file: `${T}claims.ts`, find: 'if (exp === undefined) return NO_EXPIRY', replace: '', killedBy: 'J13 shape', also: [{ file: `${T}claims.ts`, find: 'if (!isDate(exp)) return DATE.exp', replace: 'if (exp !== undefined && !isDate(exp)) return DATE.exp' }] },
  { what: 'a date as text', file: `${T}claims.ts`, find: "typeof value === 'number' && Number.isSafeInteger(value) && value >= 0", replace: 'Number.isSafeInteger(Number(value)) && value >= 0', killedBy: 'J13 shape' },
  { what: 'a date with a fraction', file: `${T}claims.ts`, find: 'Number.isSafeInteger(value) && value >= 0', replace: 'Number.isFinite(value) && value >= 0', killedBy: 'J13 shape' },
  { what: 'a date that never comes', file: `${T}claims.ts`, find: 'Number.isSafeInteger(value) && value >= 0', replace: '(value === Infinity || Number.isSafeInteger(value)) && value >= 0', killedBy: 'J13 shape', also: [{ file: `${T}claims.ts`, find: 'if (lifetime > rules.maxLifetime)', replace: 'if (lifetime > rules.maxLifetime && lifetime < Infinity)' }] },
  { what: 'a token of any lifetime: exp in milliseconds', file: `${T}claims.ts`, find: 'if (lifetime > rules.maxLifetime)', replace: 'if (false)', killedBy: 'J13 shape' },
  { what: 'a token of any lifetime, where it has no iat', file: `${T}claims.ts`, find: 'exp - (iat ?? Math.floor(now / 1000))', replace: 'exp - (iat ?? exp)', killedBy: 'J13 shape' },
  { what: 'nbf of any type', file: `${T}claims.ts`, find: 'if (nbf !== undefined && !isDate(nbf)) return DATE.nbf', replace: '', killedBy: 'J13 shape' },
  { what: 'iat of any type', file: `${T}claims.ts`, find: 'if (iat !== undefined && !isDate(iat)) return DATE.iat', replace: '', killedBy: 'J13 shape' },
  { what: 'the audience is not looked at', file: `${T}claims.ts`, find: 'if (rules.audience && !isFor(aud, rules.audience))', replace: 'if (false)', killedBy: 'J15' },
  { what: 'an audience that begins like ours', file: `${T}claims.ts`, find: "if (typeof aud === 'string') return audience.includes(aud)", replace: "if (typeof aud === 'string') return audience.some((one) => aud.startsWith(one))", killedBy: 'J15' },
  { what: 'an audience that ours begins with', file: `${T}claims.ts`, find: "if (typeof aud === 'string') return audience.includes(aud)", replace: "if (typeof aud === 'string') return audience.some((one) => one.startsWith(aud))", killedBy: 'J15' },
  { what: 'an audience in any case', file: `${T}claims.ts`, find: "if (typeof aud === 'string') return audience.includes(aud)", replace: "if (typeof aud === 'string') return audience.includes(aud.toLowerCase())", killedBy: 'J15' },
  { what: 'any list of audiences', file: `${T}claims.ts`, find: 'return aud.some((one) => audience.includes(one))', replace: 'return true', killedBy: 'J15' },
  { what: 'audiences of any type, compared as text', file: `${T}claims.ts`, find: " || !aud.every((one) => typeof one === 'string')", replace: '', killedBy: 'J15', also: [{ file: `${T}claims.ts`, find: 'aud.some((one) => audience.includes(one))', replace: 'aud.some((one) => audience.includes(String(one)))' }] },
  { what: 'the issuer is not looked at', file: `${T}claims.ts`, find: 'if (rules.issuer !== undefined && iss !== rules.issuer)', replace: 'if (false)', killedBy: 'J15 issuer', also: [{ file: `${T}verifier.ts`, find: 'if (rules.issuer !== undefined && claims.iss !== rules.issuer) return undefined', replace: '' }] },
  { what: 'an issuer that begins like ours', file: `${T}claims.ts`, find: 'if (rules.issuer !== undefined && iss !== rules.issuer)', replace: 'if (!String(iss).startsWith(rules.issuer))', killedBy: 'J15 issuer', also: [{ file: `${T}verifier.ts`, find: 'claims.iss !== rules.issuer)', replace: '!String(claims.iss).startsWith(rules.issuer))' }] },
  { what: 'a list of issuers with ours in it', file: `${T}claims.ts`, find: 'iss !== rules.issuer)', replace: '![iss].flat().includes(rules.issuer))', killedBy: 'J15 issuer', also: [{ file: `${T}verifier.ts`, find: 'claims.iss !== rules.issuer)', replace: '![claims.iss].flat().includes(rules.issuer))' }, { file: `${T}verifier.ts`, find: "if ('iss' in claims && typeof claims.iss !== 'string') return ISSUER", replace: '' }] },
  { what: 'a token that is bound to a key is taken from anyone', file: `${T}verifier.ts`, find: 'judged.claims.cnf !== undefined ? BOUND : judged', replace: 'false ? BOUND : judged', killedBy: 'D01 bearer' },
  { what: 'typ is not looked at', file: `${T}verifier.ts`, find: 'if (course.types && ', replace: 'if (false && ', killedBy: 'J17' },
  { what: 'no typ is as good as ours', file: `${T}verifier.ts`, find: "(typ ?? '').toLowerCase()", replace: "(typ ?? 'at+jwt').toLowerCase()", killedBy: 'J17' },
  { what: 'typ of any type, compared as text', file: `${T}verifier.ts`, find: "isText(typ) && course.types.includes((typ ?? '').toLowerCase())", replace: 'course.types.includes(String(typ).toLowerCase())', killedBy: 'J17' },
  // S02 too: what an issuer does not know as a refresh token it does not turn.
  { what: 'a refresh token that is an access token', file: `${T}local-issuer.ts`, find: '{ refresh_token: refreshToken }', replace: '{ refresh_token: sign(grant, scopes, iat) }', killedBy: 'J17 refresh', alsoBreaks: ['S02'] },
  { what: 'nobody for a subject', file: `${T}claims.ts`, find: 'return subject === undefined ? SUBJECT : principalOf(subject,', replace: "return principalOf(subject ?? 'nobody',", killedBy: 'J18' },
  { what: 'a number for a subject', file: `${T}claims.ts`, find: 'return numbers && Number', replace: 'return Number', killedBy: 'J18' },
  { what: 'a scope is one word', file: `${T}claims.ts`, find: "value.split(' ').filter((word) => word !== '')", replace: '[value]', killedBy: 'J22', alsoBreaks: ['K02', 'V03', 'C03'] }, // all need one scope of several
  { what: 'no roles in a token', file: `${T}claims.ts`, find: 'if (roles) principal.roles = roles', replace: '', killedBy: 'J22', alsoBreaks: ['C03'] }, // an admin changes a post there
  // cache and revocation
  { what: 'what is remembered is not asked for again', file: `${T}verifier.ts`, find: 'if (course.isRevoked(hit.principal, hit.key)) return REVOKED', replace: '', killedBy: 'S01' },
  { what: 'what was looked for once is not looked for among what is new', file: `${T}verifier.ts`, find: 'if (revision !== hit.revision) {', replace: 'if (false) {', killedBy: 'S01' },
  { what: 'what is new is not asked for', file: `${T}verifier.ts`, find: 'if (course.isRevoked(principal, key)) return REVOKED', replace: '', killedBy: 'S01 session' },
  { what: 'tokens remembered by their header and claims alone', file: `${T}verifier.ts`, find: "hash('sha256', token, 'binary')", replace: "hash('sha256', token.split('.').slice(0, 2).join('.'), 'binary')", killedBy: 'J03 cached' },
  { what: 'no revocation by jti', file: `${T}revocation.ts`, find: "holds('jti', jti)", replace: 'false', killedBy: 'J24' },
  { what: 'no revocation by sid', file: `${T}revocation.ts`, find: "holds('sid', sid)", replace: 'false', killedBy: 'S01 session' },
  { what: 'no revocation of a subject', file: `${T}revocation.ts`, find: 'holdsSubject(sub, iat)', replace: 'false', killedBy: 'T03' },
  { what: 'everywhere ends what comes after it too', file: `${T}revocation.ts`, find: '(iat === undefined || iat <= held.before)', replace: 'true', killedBy: 'T03' },
  { what: 'a login in the second of an "everywhere" is refused', file: `${T}issuer-sessions.ts`, find: 'Math.max(now, (await everywhere(subject)) + 1)', replace: 'now', killedBy: 'T03' },
  { what: 'everywhere leaves the sessions', file: `${T}issuer-sessions.ts`, find: 'if (Math.floor(createdAt / 1000) > until) return', replace: 'return', killedBy: 'T03', also: [{ file: `${T}issuer-sessions.ts`, find: 'await families?.remove(grant.sid)', replace: 'void 0' }] },
  { what: 'anybody ends a session', file: `${T}issuer-sessions.ts`, find: 'if (!own?.some(({ grant }) => grant.sid === id)) return false', replace: '', killedBy: 'T02' },
  { what: 'an ended session leaves its access tokens', file: `${T}issuer-sessions.ts`, find: '      await revokeAll([id])\n', replace: '', killedBy: 'T02' },
  { what: 'an ended session can be refreshed', file: `${T}issuer-sessions.ts`, find: '      await families?.remove(id, subject)\n', replace: '', killedBy: 'T02' },
  { what: 'the sessions of others are listed', file: `${T}session-table.ts`, find: '${prefix}subject:${digest(subject)}:', replace: '${prefix}subject:', killedBy: 'T01', also: [{ file: `${T}refresh-family.ts`, find: 'checkRow(row).subject === subject && row.expiresAt > now', replace: 'true' }] },
  { what: 'a revocation that is over at once', file: `${T}revocation.ts`, find: 'end !== undefined && end * 1000 > clock()', replace: 'end !== undefined && end * 1000 < clock()', killedBy: 'J24' },
  { what: 'a revocation is told to nobody', file: `${T}local-issuer.ts`, find: '    revoked.apply(list)\n', replace: '', killedBy: 'J24', also: [{ file: `${T}local-issuer.ts`, find: 'await store.commit(revoked.writes(list))', replace: '' }] },
  { what: 'the feed of the store tells nothing', file: 'store/src/memory.ts', find: 'for (const watch of watches) watch.deliver()', replace: '', killedBy: 'J24', also: [{ file: `${T}local-issuer.ts`, find: '    revoked.apply(list)\n', replace: '' }] },
  { what: 'logout revokes nothing', file: 'domain/routes.ts', find: 'await own.revoke(principal)', replace: '', killedBy: 'S01' },
  // refresh
  { what: 'a session goes on after logout', file: `${T}local-issuer.ts`, find: '      await families?.remove(sid)\n', replace: '', killedBy: 'S01' },
  { what: 'a deletion deletes nothing', file: 'store/src/memory.ts', find: 'if (value === undefined) return remove(key) ? [[key, undefined]] : []', replace: 'if (value === undefined) return []', killedBy: 'S01' },
  { what: 'refresh tokens do not turn', file: `${T}refresh-family.ts`, find: '      const secret = newSecret()\n', replace: '      const secret = token.secret\n', killedBy: 'S02' },
  { what: 'no grace', file: `${T}refresh-family.ts`, find: 'now < (family.graceUntil ?? 0)', replace: 'false', killedBy: 'S02' },
  { what: 'another successor within the grace', file: `${T}refresh-family.ts`, find: 'const secret = openSuccessor(token, family.successor)', replace: 'const secret = newSecret()', killedBy: 'S02' },
  { what: 'the one before is good after its successor was used', file: `${T}refresh-family.ts`, find: 'previous: presented,', replace: 'previous: family.previous ?? presented,', killedBy: 'S03', also: [{ file: `${T}refresh-family.ts`, find: 'openSuccessor(token, family.successor)', replace: 'newSecret()' }], alsoBreaks: ['S02'] }, // the successor there is another one, since it cannot be opened
  { what: 'reuse is refused, and the session goes on', file: `${T}refresh-family.ts`, find: '{ ...family, over: true }', replace: 'family', killedBy: 'S03' },
  { what: 'reuse leaves the access tokens good', file: `${T}local-issuer.ts`, find: 'if (reused) await sessions.revokeTokens(reused.sid)', replace: '', killedBy: 'S03' },
  { what: 'any secret under a right handle', file: `${T}refresh-family.ts`, find: 'if (sameHash(family.current, presented)) {', replace: 'if (true) {', killedBy: 'S04', alsoBreaks: ['S02'] }, // the one before is turned again there
  { what: 'a refresh token in any spelling', file: `${T}refresh-token.ts`, find: "typeof token !== 'string' || token.length !== 64", replace: "typeof token !== 'string'", killedBy: 'S04 padding', also: [{ file: `${T}refresh-token.ts`, find: " || bytes.toString('base64url') !== token", replace: '' }] },
  { what: 'a refresh may be cached', file: 'domain/routes.ts', find: 'json(200, await own.refresh(body.refresh_token), SECRET)', replace: 'json(200, await own.refresh(body.refresh_token))', killedBy: 'S02' },
  { what: 'a session that ended comes back', file: `${T}local-issuer.ts`, find: 'expiresAt: clock() + (maxLifetime + 2 * leeway) * 1000,', replace: 'expiresAt: clock() + 1000,', killedBy: 'S01 lasts' },
  { what: 'a revoked token comes back', file: `${T}local-issuer.ts`, find: 'list.push(expiresAt === undefined ? whole : { ...whole, expiresAt: (expiresAt + 2 * leeway) * 1000 })', replace: 'list.push({ ...whole, expiresAt: clock() + 1000 })', killedBy: 'S01 lasts' },
  { what: 'a request without Host', file: 'domain/targets.ts', find: ' || !hasHost(request)', replace: '', killedBy: 'P06' },
  { what: 'a fragment in a target', file: 'domain/targets.ts', find: '{2})|#/', replace: '{2})/', killedBy: 'P02' },
]
