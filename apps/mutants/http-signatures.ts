// biome-ignore-all lint/suspicious/noTemplateCurlyInString: texts of sources
// Each guard of http-signatures taken out; the test that it names must fail, and does not without.
import type { PackageMutant } from './package-mutants.ts'

const SRC = 'http-signatures/src'
const SCHEME = `${SRC}/http-signature.ts`
const VERIFY = `${SRC}/verify-signature.ts`
const FIELDS = `${SRC}/signature-fields.ts`
const BASE = `${SRC}/signature-base.ts`
const COMPONENT = `${SRC}/component.ts`
const ALGORITHM = `${SRC}/algorithm.ts`
const DIGEST = `${SRC}/digest.ts`
const BODY = `${SRC}/guard-body.ts`
const BACK = `${SRC}/put-back-body.ts`
const REPLAY = `${SRC}/replay.ts`
const HOOK = `${SRC}/webhook.ts`
const REQUEST = `${SRC}/covered-request.ts`
const SEND = `${SRC}/signed-fetch.ts`
const ANSWERS = `${SRC}/sign-answers.ts`
const CHECK = `${SRC}/verifying-fetch.ts`
const OPTIONS = `${SRC}/options.ts`
const COVERED = `${SRC}/covered-digests.ts`
const unit = { in: 'src/http-signature.test.ts' } as const
const vectors = { in: 'src/vectors.test.ts' } as const
const property = { in: 'src/property.test.ts' } as const
const sockets = { in: 'test/sockets.test.ts' } as const
const hook = { in: 'test/webhook.test.ts' } as const
const answers = { in: 'test/answers.test.ts' } as const

// biome-ignore format: a table
export const signatureMutants: readonly PackageMutant[] = [
  // what a signature must be
  { ...unit, what: 'any signature', file: VERIFY, find: 'isSignatureOf(entry.algorithm, key, made.base, received.signature)', replace: 'key', test: 'a key of another' },
  { ...unit, what: 'it covers what it likes', file: VERIFY, find: 'if (lacking.length > 0)', replace: 'if (false)', test: 'covers no target' },
  { ...unit, what: 'it covers one of what is asked', file: VERIFY, find: 'if (lacking.length > 0)', replace: 'if (lacking.length === required.length)', test: 'covers no method' },
  { ...unit, what: 'no time is asked for', file: VERIFY, find: 'if (!(age <= maxAge + leeway && age >= -leeway))', replace: 'if (age > maxAge + leeway || age < -leeway)', test: 'no time' },
  { ...unit, what: 'too old', file: VERIFY, find: 'age <= maxAge + leeway && ', replace: '', test: 'too old' },
  { ...unit, what: 'of the future', file: VERIFY, find: ' && age >= -leeway', replace: '', test: 'of the future' },
  { ...unit, what: 'expires is not looked at', file: VERIFY, find: 'if (expires === undefined) return until', replace: 'return until', test: 'expired' },
  { ...unit, what: 'expires that is no time', file: VERIFY, find: '!Number.isInteger(expires) || ', replace: '', test: 'an end that is none' },
  { ...unit, what: 'keys that every object has', file: VERIFY, find: 'Object.hasOwn(keys, keyid) ? keys[keyid] : undefined', replace: 'keys[keyid]', test: 'a name that every object has' },
  { ...unit, what: 'alg is not looked at', file: VERIFY, find: 'if (alg !== undefined && alg !== entry.algorithm) return ALGORITHM', replace: '', test: 'another alg' },
  { ...unit, what: 'a keyid without end', file: VERIFY, find: ' && value.length <= TEXT', replace: '', test: 'a keyid without end' },
  { ...unit, what: 'any of several', file: VERIFY, find: 'return ours.length > 1 ? SEVERAL : ours[0]', replace: 'return ours[0]', test: 'several signatures' },
  { ...unit, what: 'any tag', file: VERIFY, find: " && (tag === undefined || one.parameters.get('tag') === tag)", replace: '', test: 'of another tag' },
  { ...unit, what: 'any label', file: VERIFY, find: '(label === undefined || one.label === label) && ', replace: '', test: 'under another label' },
  { ...unit, what: 'a promise for a key', file: `${SRC}/maybe.ts`, find: "typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'", replace: 'value instanceof Promise', test: 'gives a thenable' },
  // the fields
  { ...unit, what: 'fields of any length', file: FIELDS, find: "if (text.length > FIELD) throw new RangeError('too long')\n", replace: '', test: 'malformed' },
  { ...unit, what: 'any number of signatures', file: FIELDS, find: 'described.size > LABELS || ', replace: '', test: 'malformed' },
  { ...unit, what: 'any number of components', file: FIELDS, find: 'components.length > COMPONENTS || ', replace: '', test: 'malformed' },
  { ...unit, what: 'a component twice', file: FIELDS, find: 'if (new Set(components.map(identifierOf)).size !== components.length) return undefined\n', replace: '', test: 'malformed' },
  { ...unit, what: 'a component twice, in another order', file: BASE, find: '.toSorted(([one], [other]) => (one < other ? -1 : 1))', replace: '', test: 'malformed' },
  { ...unit, what: 'a signature that is no bytes', file: FIELDS, find: ' || !(signature instanceof ArrayBuffer)', replace: '', test: 'malformed' },
  { ...unit, what: 'one field without the other', file: FIELDS, find: ' || described.size !== bytes.size', replace: '', also: [{ file: FIELDS, find: 'described.size === 0 || ', replace: '' }], test: 'malformed' },
  // the base
  { ...property, what: 'a line in a value', file: BASE, find: ' || !/^[\\t\\x20-\\x7e\\x80-\\xff]*$/.test(value)', replace: '', test: 'no line of a value' },
  { ...vectors, what: 'components of which there are two', file: COMPONENT, find: 'found.length === 1 ? encoded(', replace: 'found.length > 0 ? encoded(', test: '"@query-param";name="two"' },
  { ...vectors, what: 'parameters that nobody knows', file: COMPONENT, find: ' || [...parameters.keys()].some((one) => !PARAMETERS.has(one))', replace: '', test: '"host";unknown' },
  { ...vectors, what: 'one reading of a field that has two', file: COMPONENT, find: "written.every((one) => one === written[0] && !one.includes('@NaN')) ? ", replace: 'true ? ', test: '"doubtful";sf' },
  { ...vectors, what: 'a request in place of an answer', file: COMPONENT, find: "parameters.get('req') === true ? message.request : message", replace: 'message.request ?? message', test: 'of an answer' },
  { ...unit, what: 'the path as it was mounted', file: REQUEST, find: 'targetOf(request)', replace: "(messageOf(request).url ?? '/')", test: 'mounted' },
  { ...sockets, what: 'Host says who we are', file: REQUEST, find: 'url: origin + path', replace: "url: `https://${rawHeaders[rawHeaders.findIndex((one) => one.toLowerCase() === 'host') + 1] === 'evil.example' ? 'evil.example' : origin.slice(8)}${path}`", test: 'a signature counts once' },
  // keys
  { ...unit, what: 'HMAC with a public key', file: ALGORITHM, find: "type === 'secret' && (symmetricKeySize ?? 0) >= 32", replace: "type !== 'private'", test: 'options are checked' },
  { ...unit, what: 'a short secret', file: ALGORITHM, find: ' && (symmetricKeySize ?? 0) >= 32', replace: '', test: 'options are checked' },
  { ...unit, what: 'short RSA', file: ALGORITHM, find: '(asymmetricKeyDetails?.modulusLength ?? 0) >= 2048', replace: 'true', test: 'options are checked' },
  { ...unit, what: 'another curve', file: ALGORITHM, find: ' && asymmetricKeyDetails?.namedCurve === namedCurve', replace: '', test: 'options are checked' },
  { ...unit, what: 'a private key to verify with', file: ALGORITHM, find: "if (isPrivate && use === 'verify') return undefined\n", replace: '', test: 'options are checked' },
  { ...unit, what: 'lengths of an HMAC', file: ALGORITHM, find: 'own.length === signature.length && ', replace: '', test: 'of another length' },
  // once
  { ...unit, what: 'again and again', file: SCHEME, find: 'if (!isFirst) return REPLAYED\n', replace: '', test: 'used before' },
  { ...unit, what: 'no nonce', file: SCHEME, find: 'if (!isText(nonce)) return NO_NONCE\n', replace: '', test: 'no nonce' },
  { ...unit, what: 'one nonce for all keys', file: SCHEME, find: '[judged.keyid, nonce]', replace: "['', 'nonce']", test: 'used before' },
  { ...unit, what: 'remembered for a moment', file: REPLAY, find: 'expiresAt: (until + 1) * 1000', replace: 'expiresAt: 1', test: 'a nonce is remembered' },
  { ...unit, what: 'written over', file: REPLAY, find: 'expected: null, expiresAt: (until', replace: 'expected: undefined as unknown as null, expiresAt: (until', test: 'used before' },
  { ...unit, what: 'a store that says anything', file: REPLAY, find: 'written === true', replace: 'Boolean(written)', test: 'gives a thenable' },
  // the body
  { ...sockets, what: 'bodies need no digest', file: SCHEME, find: 'hasBody(messageOf(request)) ? [...new Set([...required, DIGEST])] : required', replace: 'required', also: [{ file: BODY, find: 'isRight: () => size === 0,', replace: 'isRight: () => true,' }], test: 'a GET passes; with a body' },
  { ...sockets, what: 'the digest is not recomputed', file: SCHEME, find: 'if (body) guardBody(body, check, WRONG_BODY)\n', replace: '', test: 'a wrong body is refused' },
  { ...sockets, what: 'the end is told all the same', file: BODY, find: 'process.nextTick(tell, message, refused)\n      return false', replace: 'process.nextTick(tell, message, refused)', test: 'a wrong body is refused' },
  { ...sockets, what: 'a pipe waits for an end', file: BODY, find: 'breakPipes(refused)\n', replace: 'void breakPipes\n', test: 'a body with a coding' },
  { ...sockets, what: 'a pipe without a listener ends the process', file: BODY, find: "destination.listenerCount('error') > 1 ? refused : undefined", replace: 'refused', test: 'what a body was piped to' },
  { ...sockets, what: 'what is no longer fed breaks too', file: BODY, find: ' && fed.delete(destination)', replace: '', test: 'what a body was piped to' },
  { ...sockets, what: 'who was injected waits', file: BODY, find: 'if (message.errored !== refused) process.nextTick(tell, message, refused)\n', replace: 'void tell\n', test: 'a request that Fastify injects' },
  { ...sockets, what: 'a second protect uses the nonce again', file: SCHEME, find: 'if (known) return known\n', replace: '', test: 'behind two protects' },
  { ...sockets, what: 'some bytes are not looked at', file: BODY, find: "if (event === 'data') check", replace: "if (event === 'data' && !message.readableEncoding) check", test: 'a right body passes' },
  { ...sockets, what: 'a body that was taken', file: BODY, find: 'if (message.readableDidRead && hasBody(message))', replace: 'if (false)', test: 'a body that was read before' },
  { ...sockets, what: 'chunked is no body', file: BODY, find: "headerLines(message, 'transfer-encoding').length > 0 || ", replace: '', also: [{ file: BODY, find: 'isRight: () => size === 0,', replace: 'isRight: () => true,' }], test: 'a GET passes; with a body' },
  { ...unit, what: 'a digest of what never came', file: SCHEME, find: 'if (!hasBody(message) && !isEmptyRight(received, message)) return WRONG_BODY\n', replace: '', test: 'digests that cannot be judged' },
  { ...unit, what: 'no safe digest', file: COVERED, find: '?? MALFORMED)', replace: '?? noBody())', also: [{ file: COVERED, find: "import type { BodyCheck } from './guard-body.ts'", replace: "import { type BodyCheck, noBody } from './guard-body.ts'" }], test: 'digests that cannot be judged' },
  { ...sockets, what: 'a digest of the representation is nobody’s', file: COVERED, find: "['content-digest', 'repr-digest'] as const", replace: "['content-digest'] as const", test: 'a wrong digest of the representation' },
  { ...answers, what: 'a digest of the representation of an answer is nobody’s', file: COVERED, find: "['content-digest', 'repr-digest'] as const", replace: "['content-digest'] as const", test: 'a digest of the representation that is covered' },
  { ...unit, what: 'what is coded is the representation', file: COVERED, find: "['content-encoding', 'content-range'] as const", replace: "['content-range'] as const", test: 'a representation digest that is covered' },
  { ...answers, what: 'a part is the representation', file: COVERED, find: "['content-encoding', 'content-range'] as const", replace: "['content-encoding'] as const", test: 'a digest of the representation that is covered' },
  { ...unit, what: 'one right digest of both', file: COVERED, find: 'parts.every((part)', replace: 'parts.some((part)', test: 'a representation digest that is covered' },
  { ...unit, what: 'a digest under a parameter is none', file: COVERED, find: "name === field && of.get('req') !== true", replace: 'name === field && of.size === 0', test: 'is covered' },
  { ...unit, what: 'the challenge keeps the digest for itself', file: SCHEME, find: "...(!components.includes(CONTENT_DIGEST) && { 'body-components': CONTENT_DIGEST }),", replace: '', test: 'the challenge says what to cover' },
  { ...vectors, what: 'one right digest of two', file: DIGEST, find: 'parts.every(', replace: 'parts.some(', test: 'RFC 9530' },
  { ...vectors, what: 'an unknown hash is no digest', file: DIGEST, find: 'if (!wanted || wanted.length === 0) return undefined', replace: 'if (!wanted) return undefined', test: 'cannot be judged' },
  // options
  { ...unit, what: 'components that fit every request', file: SCHEME, find: "!components.includes('@method') || !TARGETS", replace: '!TARGETS', test: 'options are checked' },
  { ...unit, what: 'components without a target', file: SCHEME, find: " || !TARGETS.some((one) => components.includes(one))", replace: '', test: 'options are checked' },
  { ...unit, what: 'replay left out', file: REPLAY, find: 'replay === false || typeof', replace: '!replay || typeof', test: 'options are checked' },
  { ...unit, what: 'an origin that anybody can speak for', file: OPTIONS, find: 'isSafeUrl(origin) && ', replace: "typeof origin === 'string' && URL.canParse(origin) && ", test: 'options are checked' },
  { ...unit, what: 'the key is the handler’s', file: SCHEME, find: 'const { algorithm: _algorithm, key: _key, ...own }: SignatureKey = entry', replace: 'const own: SignatureKey = entry', test: 'who signed' },
  // webhooks
  { ...hook, what: 'any signature', file: HOOK, find: 'if (fitting.length === 0) return WRONG\n', replace: '', test: 'a wrong body, secret' },
  { ...hook, what: 'the last secret alone', file: HOOK, find: 'own.filter((other)', replace: 'own.slice(-1).filter((other)', test: 'either secret' },
  { ...hook, what: 'any time', file: HOOK, find: 'if (age > maxAge + leeway || age < -leeway)', replace: 'if (false)', test: 'a wrong body, secret' },
  { ...hook, what: 'of the future', file: HOOK, find: ' || age < -leeway', replace: '', test: 'a wrong body, secret' },
  { ...hook, what: 'a dot in the id', file: HOOK, find: '/^[\\x21-\\x2d\\x2f-\\x7e]{1,256}$/', replace: '/^[\\x21-\\x7e]{1,256}$/', test: 'a wrong body, secret' },
  { ...hook, what: 'any number of signatures', file: HOOK, find: 'if (given.length > SIGNATURES) return MALFORMED\n', replace: '', test: 'a wrong body, secret' },
  { ...hook, what: 'another version', file: HOOK, find: '/^v1,[A-Za-z0-9+/]{43}=$/', replace: '/^v[12],[A-Za-z0-9+/]{43}=$/', test: 'a wrong body, secret' },
  { ...hook, what: 'again and again', file: HOOK, find: 'isFirst ? passed : REPLAYED', replace: 'isFirst ? passed : passed', test: 'the same message counts once' },
  { ...hook, what: 'again, never', file: HOOK, find: '[subject, id, timestamp]', replace: '[subject, id]', test: 'the same message counts once' },
  { ...hook, what: 'a second protect judges again', file: HOOK, find: 'if (known) return known\n', replace: '', test: 'behind two protects' },
  { ...hook, what: 'a body of any length', file: BACK, find: 'if (size > limit) {', replace: 'if (false) {', test: 'too long a body' },
  { ...hook, what: 'the body is gone', file: BACK, find: 'message.unshift(body)', replace: 'void body', test: 'a right body passes' },
  { ...hook, what: 'half of it is the whole', file: BACK, find: 'if (!isWhole || size === 0) return\n', replace: 'if (size === 0) return\n', test: 'a right body passes and is read as it came, sent slowly' },
  { ...hook, what: 'a body that broke off is waited for', file: BACK, find: ".on('close', onBroken)", replace: '', test: 'no byte where' },
  { ...hook, what: 'short secrets', file: HOOK, find: 'bytes.length >= 24 && ', replace: '', test: 'bad options' },
  // the client
  { ...answers, what: 'redirects are followed', file: SEND, find: "request.redirect === 'manual' ? 'manual' : 'error'", replace: "request.redirect === 'manual' ? 'manual' : 'follow'", test: 'a redirect carries' },
  { ...answers, what: 'an answer to anybody', file: CHECK, find: '      ...signaturesOf(sent),\n', replace: '', also: [{ file: CHECK, find: "component('@method', REQ),", replace: '' }], test: 'a signature over less' },
  { ...answers, what: 'the body of an answer', file: CHECK, find: "if (check?.isRight() === false) return refuse('digest.wrong')\n", replace: '', test: 'does not come through' },
  { ...answers, what: 'a body without a digest', file: CHECK, find: 'bytes.length > 0 ? [DIGEST] : []', replace: '[]', also: [{ file: ANSWERS, find: "...['content-digest', 'content-type'].filter(", replace: "...['content-type'].filter(" }], test: 'does not come through' },
  { ...answers, what: 'answers of any length', file: CHECK, find: 'if (size > limit) return undefined\n', replace: '', test: 'too long an answer' },
  { ...answers, what: 'a coding of the answer', file: CHECK, find: "if (response.headers.has('content-encoding')) return refuse('content-encoding')\n", replace: '', test: 'does not come through' },
  { ...answers, what: 'answers do not name the signature', file: ANSWERS, find: "[component('signature', [...REQ, ['key', label]])]", replace: '[]', test: 'a signed request gets a signed answer' },
]
