import type { Mutant } from './mutant.ts'

const E = 'packages/express/src/'
const F = 'packages/fastify/src/'
const onExpress = { host: 'plugged express' } as const
const onFastify = { host: 'plugged fastify' } as const

/** Every line of both adapters: see `uncovered.ts`, which lists those that are missing here. */
// biome-ignore format: a table
export const adapterMutants: readonly Mutant[] = [
  { ...onExpress, what: 'every verdict passes', file: `${E}send.ts`, find: 'if (verdict === undefined) next()', replace: 'if (true) next()', killedBy: 'G01', alsoBreaks: ['G08'] }, // endpoints are protected by it too
  { ...onExpress, what: 'no headers on an answer that passed', file: `${E}send.ts`, find: 'for (const [name, value] of Object.entries(headersBesideBody(verdict))) response.setHeader(name, value)', replace: '', killedBy: 'G04' },
  { ...onExpress, what: 'nobody passes', file: `${E}send.ts`, find: 'undefined) next()\n', replace: 'undefined) response.end()\n', killedBy: 'G01', alsoBreaks: ['G08', 'G10'] }, // no guarded route passes
  { ...onExpress, what: 'refusals are thrown unless told otherwise', file: `${E}protect.ts`, find: 'const throws = checkProtect(policy, options)', replace: 'const throws = true', killedBy: 'G03 sent' },
  { ...onExpress, what: 'refusals: throw is ignored', file: `${E}send.ts`, find: ' && !throws', replace: '', killedBy: 'G03' },
  { ...onExpress, what: 'a refusal that is thrown passes', file: `${E}send.ts`, find: 'verdict.status === undefined ? undefined : new Refused(verdict)', replace: 'undefined', killedBy: 'G03' },
  { ...onExpress, what: "a house answer has our body's type", file: 'policy/src/protect.ts', find: "const { 'content-type': _type, 'content-length': _length, ...rest } = verdict.headers", replace: 'const rest = verdict.headers', killedBy: 'G03' },
  { ...onExpress, what: 'the policy is not asked', file: `${E}protect.ts`, find: 'policy.check(request)', replace: 'undefined', killedBy: 'G01', alsoBreaks: ['G08', 'G10'] }, // no guarded route knows who calls
  { ...onExpress, what: 'a promise is taken for a verdict', file: `${E}protect.ts`, find: 'verdict instanceof Promise', replace: 'false', killedBy: 'G02', alsoBreaks: ['G08', 'G10'] }, // both have a token that is judged later
  { ...onExpress, what: 'a verdict is taken for a promise', file: `${E}protect.ts`, find: 'else act(verdict)', replace: '', killedBy: 'G01', alsoBreaks: ['G08', 'G10'] }, // no guarded route answers
  { ...onExpress, what: "a bug in a verifier is nobody's", file: `${E}protect.ts`, find: 'verdict.then(act).catch(next)', replace: 'verdict.then(act).catch(() => response.end())', killedBy: 'G02' },
  { ...onExpress, what: 'middleware carries no policy', file: `${E}protect.ts`, find: 'Object.assign(handler, { [POLICY]: policy })', replace: 'handler', killedBy: 'G09' },
  { ...onExpress, what: 'input is not checked', file: `${E}validate.ts`, find: 'checkInput(input, request as object as RequestView, request)', replace: 'Promise.resolve({ parts: request })', killedBy: 'G05' },
  { ...onExpress, what: 'a failed check goes on', file: `${E}validate.ts`, find: ".then((checked) => {\n        if ('error' in checked) return conclude(checked, response as ServerResponse, next, throws)", replace: ".then((checked) => {\n        if ('error' in checked) return next()", killedBy: 'G05' },
  { ...onExpress, what: 'parts are not checked when the validator is made', file: `${E}validate.ts`, find: "checkParts('validate()', input)", replace: '', killedBy: 'G13' },
  { ...onExpress, what: 'only the body is put back', file: `${E}validate.ts`, find: 'Object.entries(checked.parts)', replace: "Object.entries({ body: checked.parts.body })", killedBy: 'G06' },
  { ...onExpress, what: 'no part is put back', file: `${E}validate.ts`, find: 'Object.entries(checked.parts)', replace: '[]', killedBy: 'G06' },
  { ...onExpress, what: 'parts are assigned, which Express 5 ignores for the query', file: `${E}validate.ts`, find: 'Object.defineProperty(request, part, { value, writable: true, configurable: true, enumerable: true })', replace: 'try { request[part] = value } catch {}', killedBy: 'G06' },
  { ...onExpress, what: 'a checked request goes nowhere', file: `${E}validate.ts`, find: '        next()\n', replace: '        response.end()\n', killedBy: 'G05' },
  { ...onExpress, what: "a bug in a schema is nobody's", file: `${E}validate.ts`, find: '.catch(next)', replace: '.catch(() => response.end())', killedBy: 'G06' },
  { ...onExpress, what: 'an unknown route has another code', file: `${E}problems.ts`, find: "authError('not_found', 'route.unknown')", replace: "authError('access_denied', 'route.unknown')", killedBy: 'G07', alsoBreaks: ['G08'] }, // an unknown path is asked for there too
  { ...onExpress, what: 'an unknown route is left to Express', file: `${E}problems.ts`, find: 'next(new Refused(NOT_FOUND))', replace: 'next()', killedBy: 'G07', alsoBreaks: ['G08'] }, // an unknown path is asked for there too
  { ...onExpress, what: 'what was thrown is not looked at', file: `${E}problems.ts`, find: 'refusalOf(error, request)', replace: 'refusalOf(undefined, request)', killedBy: 'G05', alsoBreaks: ['G08'] }, // an unknown path is asked for there too
  { ...onExpress, what: 'bugs are not logged', file: `${E}problems.ts`, find: 'log(error)', replace: 'void error', killedBy: 'G11' },
  { ...onExpress, what: 'problems are not sent', file: `${E}problems.ts`, find: '    send(response, refusal)', replace: '    next(error)', killedBy: 'G07', alsoBreaks: ['G08'] }, // an unknown path is asked for there too
  { ...onExpress, what: 'an error handler of three parameters is none to Express', file: `${E}problems.ts`, find: '(error: unknown, request, response, next) => {', replace: '(error: unknown, request, response) => {\n    const next = () => {}', killedBy: 'G07', alsoBreaks: ['G08'] }, // an unknown path is asked for there too
  { ...onExpress, what: 'an error after the headers is answered again', file: `${E}problems.ts`, find: 'if (response.headersSent) return next(error)', replace: '', killedBy: 'G12' },
  { ...onExpress, what: 'problems has no error handler', file: `${E}problems.ts`, find: 'return [missing, answer]', replace: 'return [missing]', killedBy: 'G07', alsoBreaks: ['G08'] }, // an unknown path is asked for there too
  { ...onExpress, what: 'the first endpoint answers everything', file: `${E}mount.ts`, find: 'findEndpoint(endpoints, request.method, request.path)', replace: 'endpoints[0]', killedBy: 'G07', alsoBreaks: ['G08'] }, // endpoints are what it is about
  { ...onExpress, what: 'a path that is no endpoint is a bug', file: `${E}mount.ts`, find: 'if (!endpoint) return next()', replace: '', killedBy: 'G07', alsoBreaks: ['G08'] }, // endpoints are what it is about
  { ...onExpress, what: "an endpoint's policy is not asked", file: `${E}mount.ts`, find: 'endpoint.policy ?? anyone', replace: 'anyone', killedBy: 'G08' },
  { ...onExpress, what: "a bug in an endpoint's policy lets in", file: `${E}mount.ts`, find: 'if (refused) return next(refused)', replace: '', killedBy: 'G08 bug' },
  { ...onExpress, what: 'an endpoint that answers later is not waited for', file: `${E}mount.ts`, find: 'answer instanceof Promise', replace: 'false', killedBy: 'G08' },
  { ...onExpress, what: "an endpoint's bug is nobody's", file: `${E}mount.ts`, find: 'send(response, later)).catch(next)', replace: 'send(response, later)).catch(() => response.end())', killedBy: 'G07' },
  { ...onExpress, what: 'an endpoint is not asked', file: `${E}mount.ts`, find: 'endpoint.handle(request)', replace: "({ status: 200, headers: {}, body: Buffer.from('{}') })", killedBy: 'G08' },
  { ...onExpress, what: 'an endpoint that answers at once is not sent', file: `${E}mount.ts`, find: 'else send(response, answer)', replace: 'else response.end()', killedBy: 'G08' },
  { ...onExpress, what: 'answers without their headers', file: `${E}send.ts`, find: 'writeHead(status, headers)', replace: 'writeHead(status)', killedBy: 'G01', alsoBreaks: ['G08'] }, // a refusal is asked for there too

  { ...onFastify, what: 'a refusal that is thrown passes', file: `${F}send.ts`, find: 'done(new Refused(verdict))', replace: 'done()', killedBy: 'G03' },
  { ...onFastify, what: 'a refusal that is thrown leaves no challenge on the reply', file: `${F}send.ts`, find: 'for (const [name, value] of Object.entries(headersBesideBody(verdict))) reply.raw.setHeader(name, value)', replace: '', killedBy: 'G03' },
  { ...onFastify, what: 'what passes with headers goes nowhere', file: `${F}send.ts`, find: '    done()\n  } else', replace: '    reply.send()\n  } else', killedBy: 'G04', alsoBreaks: ['G10'] }, // the ticket passes with one
  { ...onFastify, what: 'what is thrown is taken for what passes', file: `${F}send.ts`, find: 'else if (verdict.status === undefined) {', replace: 'else if (true) {', killedBy: 'G03' },
  { ...onFastify, what: 'every verdict passes', file: `${F}send.ts`, find: 'if (verdict === undefined) done()', replace: 'if (true) done()', killedBy: 'G01', alsoBreaks: ['G08'] }, // endpoints are protected by it too
  { ...onFastify, what: 'no headers on an answer that passed', file: `${F}send.ts`, find: 'reply.headers(headersBesideBody(verdict))', replace: '', killedBy: 'G04' },
  { ...onFastify, what: 'nobody passes', file: `${F}send.ts`, find: 'undefined) done()\n', replace: 'undefined) reply.send()\n', killedBy: 'G01', alsoBreaks: ['G08', 'G10'] }, // no guarded route passes
  { ...onFastify, what: 'refusals are thrown unless told otherwise', file: `${F}protect.ts`, find: 'const throws = checkProtect(policy, options)', replace: 'const throws = true', killedBy: 'G03 sent' },
  { ...onFastify, what: 'refusals: throw is ignored', file: `${F}send.ts`, find: ' && !throws', replace: '', killedBy: 'G03' },
  { ...onFastify, what: 'the policy is not asked', file: `${F}protect.ts`, find: 'policy.check(request)', replace: 'undefined', killedBy: 'G01', alsoBreaks: ['G08', 'G10'] }, // no guarded route knows who calls
  { ...onFastify, what: 'a promise is taken for a verdict', file: `${F}protect.ts`, find: 'verdict instanceof Promise', replace: 'false', killedBy: 'G02', alsoBreaks: ['G08', 'G10'] }, // both have a token that is judged later
  { ...onFastify, what: 'a verdict is taken for a promise', file: `${F}protect.ts`, find: 'else act(verdict)', replace: 'else reply.send()', killedBy: 'G01', alsoBreaks: ['G08', 'G10'] }, // no guarded route answers
  { ...onFastify, what: "a bug in a verifier is nobody's", file: `${F}protect.ts`, find: 'verdict.then(act).catch(done)', replace: 'verdict.then(act).catch(() => reply.send())', killedBy: 'G02' },
  { ...onFastify, what: 'middleware carries no policy', file: `${F}protect.ts`, find: 'Object.assign(hook, { [POLICY]: policy })', replace: 'hook', killedBy: 'G09' },
  { ...onFastify, what: 'input is not checked', file: `${F}validate.ts`, find: 'checkInput(input,', replace: 'checkInput({},', killedBy: 'G05' },
  { ...onFastify, what: 'a failed check goes on', file: `${F}validate.ts`, find: ".then((checked) => {\n        if ('error' in checked) return conclude(checked, reply, done, throws)", replace: ".then((checked) => {\n        if ('error' in checked) return done()", killedBy: 'G05' },
  { ...onFastify, what: 'what was checked is not what the handler gets', file: `${F}validate.ts`, find: 'Object.assign(request, checked.parts)', replace: '', killedBy: 'G06' },
  { ...onFastify, what: 'a checked request goes nowhere', file: `${F}validate.ts`, find: '        done()\n', replace: '        reply.send()\n', killedBy: 'G05' },
  { ...onFastify, what: "a bug in a schema is nobody's", file: `${F}validate.ts`, find: '.catch(done)', replace: '.catch(() => reply.send())', killedBy: 'G06' },
  { ...onFastify, what: 'an unknown route has another code', file: `${F}problems.ts`, find: "authError('not_found', 'route.unknown')", replace: "authError('access_denied', 'route.unknown')", killedBy: 'G07', alsoBreaks: ['G08'] }, // an unknown path is asked for there too
  { ...onFastify, what: 'errors are left to Fastify', file: `${F}problems.ts`, find: 'app.setErrorHandler(', replace: 'void (', killedBy: 'G07' },
  { ...onFastify, what: 'what was thrown is not looked at', file: `${F}problems.ts`, find: 'refusalOf(error, request)', replace: 'refusalOf(undefined, request)', killedBy: 'G05' },
  { ...onFastify, what: 'bugs are not logged', file: `${F}problems.ts`, find: 'request.log.error(error)', replace: 'void error', killedBy: 'G11' },
  { ...onFastify, what: 'problems are not sent', file: `${F}problems.ts`, find: '      send(reply, refusal)', replace: '      reply.send(error)', killedBy: 'G07' },
  { ...onFastify, what: 'an unknown route is left to Fastify', file: `${F}problems.ts`, find: 'if (notFound) app.setNotFoundHandler((_request, reply) => send(reply, problem(NOT_FOUND)))', replace: '', killedBy: 'G07', alsoBreaks: ['G08'] }, // an unknown path is asked for there too
  { ...onFastify, what: "the app's own validator compiler is lost", file: `${F}problems.ts`, find: 'const before = app.validatorCompiler', replace: 'const before = undefined', killedBy: 'H01' },
  { ...onFastify, what: "the app's own validator compiler is left alone", file: `${F}problems.ts`, find: 'app.setValidatorCompiler(withSchemas(before))', replace: 'void 0', killedBy: 'H01' },
  { ...onFastify, what: 'plain JSON Schema is not checked', file: `${F}problems.ts`, find: 'const plain: BuildCompilerFromPool = AjvCompiler()', replace: 'const plain = () => () => () => true', killedBy: 'H01' },
  { ...onFastify, what: 'defineSchema values are not known', file: `${F}problems.ts`, find: 'withSchemas(plain(schemas, options))', replace: 'plain(schemas, options)', killedBy: 'start', says: 'unknown keyword: "schema"' },
  { ...onFastify, what: 'the compiler is not put in', file: `${F}problems.ts`, find: 'app.setSchemaController({ compilersFactory: { buildValidator } })', replace: '', killedBy: 'start', says: 'unknown keyword: "schema"' },
  { ...onFastify, what: 'problems applies to nobody else', file: `${F}problems.ts`, find: "[Symbol.for('skip-override')]: true", replace: "[Symbol.for('skip-override')]: false", killedBy: 'start', says: 'unknown keyword: "schema"' },
  { ...onFastify, what: 'problems says nothing of itself to Fastify', file: `${F}problems.ts`, find: 'export const problems = Object.assign(', replace: 'export const problems = ((plugin: unknown) => plugin)(', killedBy: 'start', says: 'unknown keyword: "schema"' },
  { ...onFastify, what: 'query and path as if they were bodies', file: `${F}problems.ts`, find: "httpPart === 'body' ? schema.validate(data) : schema.validateText(data)", replace: 'schema.validate(data)', killedBy: 'H01' },
  { ...onFastify, what: 'a body as if it were a query', file: `${F}problems.ts`, find: 'const { schema, httpPart } = route', replace: "const { schema } = route, httpPart = 'query'", killedBy: 'H01' },
  { ...onFastify, what: 'issues of a schema are ignored', file: `${F}problems.ts`, find: 'checked.issues ? { error: new Refused(inputError(checked.issues)) } : { value: checked.value }', replace: '{ value: data }', killedBy: 'H01' },
  { ...onFastify, what: 'every schema is taken for one of ours', file: `${F}problems.ts`, find: 'if (!isSchema(schema)) return plain(route as never)', replace: '', killedBy: 'H01' },
  { ...onFastify, what: 'no schema is taken for one of ours', file: `${F}problems.ts`, find: "'validateText' in schema && '~standard' in schema", replace: 'false', killedBy: 'start', says: 'unknown keyword: "schema"' },
  { ...onFastify, what: 'the compiled validator is not handed back', file: `${F}problems.ts`, find: 'return compile as unknown as C', replace: 'return plain', killedBy: 'start', says: 'unknown keyword: "schema"' },
  { ...onFastify, what: 'an endpoint is not asked', file: `${F}mount.ts`, find: 'await handle(request)', replace: "{ status: 200, headers: {}, body: Buffer.from('{}') }", killedBy: 'G08' },
  { ...onFastify, what: "an endpoint's policy is not asked", file: `${F}mount.ts`, find: 'onRequest: protect(policy)', replace: 'onRequest: protect(anyone)', killedBy: 'G08' },
  { ...onFastify, what: 'endpoints by another method', file: `${F}mount.ts`, find: "method: method === '*' ? ANY : method === 'GET'", replace: "method: method === '*' ? ANY : method === 'POST'", killedBy: 'D20', host: 'fastify' },
  { ...onFastify, what: 'every method is one', file: `${F}mount.ts`, find: "['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']", replace: "['GET']", killedBy: 'G08 any' },
  { ...onFastify, what: "the app's parser takes the body of an endpoint", file: `${F}mount.ts`, find: 'app.removeAllContentTypeParsers()', replace: '', killedBy: 'G08 any' },
  { ...onFastify, what: 'no parser for the bodies of endpoints', file: `${F}mount.ts`, find: "app.addContentTypeParser('*', (_request, _payload, parsed) => parsed(null))", replace: '', killedBy: 'G08 any' },
  { ...onFastify, what: 'two plugins at once', file: `${F}mount.ts`, find: "if (!done) throw new TypeError('register() takes one mount(…): app.register(mount(a)).register(mount(b))')", replace: 'if (!done) return', killedBy: 'G13' },
  { ...onFastify, what: 'endpoints at another path', file: `${F}mount.ts`, find: 'url: path', replace: "url: '/x' + path", killedBy: 'G08' },
  { ...onFastify, what: 'endpoints are no routes', file: `${F}mount.ts`, find: 'app.route({', replace: 'void ({', killedBy: 'G08' },
  { ...onFastify, what: 'no endpoint at all', file: `${F}mount.ts`, find: 'of endpoints) {', replace: 'of []) {', killedBy: 'G08' },
  { ...onFastify, what: 'a plugin that never ends', file: `${F}mount.ts`, find: '    done()\n', replace: "    done(new Error('no end'))\n", killedBy: 'start', says: 'no end' },
  { ...onFastify, what: 'the reply is not handed back', file: `${F}mount.ts`, find: 'return reply', replace: '', killedBy: 'G08 once' },
  { ...onFastify, what: 'answers without their headers', file: `${F}send.ts`, find: '.headers(headers)', replace: '', killedBy: 'G01', alsoBreaks: ['G08'] }, // a refusal is asked for there too
  // refused where it is made
  { ...onExpress, what: 'what is no policy is not refused', file: `${E}protect.ts`, find: 'const throws = checkProtect(policy, options)', replace: "const throws = options?.refusals === 'throw'", killedBy: 'G13' },
  { ...onExpress, what: 'what are no endpoints is not refused', file: `${E}mount.ts`, find: "checkEndpoints('mount()', endpoints)", replace: 'if (!Array.isArray(endpoints)) return () => {}', killedBy: 'G13' },
  { ...onExpress, what: 'problems without parentheses is not refused', file: `${E}problems.ts`, find: "if ('rawHeaders' in options)", replace: 'if (false)', killedBy: 'G13', also: [{ file: `${E}problems.ts`, find: "checkOptions('problems()', options, ['log'])", replace: '' }] },
  { ...onFastify, what: 'what is no policy is not refused', file: `${F}protect.ts`, find: 'const throws = checkProtect(policy, options)', replace: "const throws = options?.refusals === 'throw'", killedBy: 'G13' },
  { ...onFastify, what: 'parts are not checked when the validator is made', file: `${F}validate.ts`, find: "checkParts('validate()', input)", replace: '', killedBy: 'G13' },
  { ...onFastify, what: 'what are no endpoints is not refused', file: `${F}mount.ts`, find: "checkEndpoints('mount()', endpoints)", replace: '', killedBy: 'G13' },
  { ...onFastify, what: 'problems with parentheses is not refused', file: `${F}problems.ts`, find: "if (!app) throw new TypeError('use it as app.register(problems), without parentheses')", replace: 'if (!app) return', killedBy: 'G13' },
  { ...onExpress, what: 'endpoints are for anyone', file: `${E}mount.ts`, find: 'guards.get(endpoint)?.(', replace: 'protect(anyone)(', killedBy: 'G08' },
  { host: 'express', what: 'problems needs options', file: `${E}problems.ts`, find: 'options: ProblemsOptions = {}', replace: 'options: ProblemsOptions', killedBy: 'start', says: "Cannot use 'in' operator" },
  { ...onFastify, what: 'errors are left to Fastify unless told otherwise', file: `${F}problems.ts`, find: 'errors = true', replace: 'errors = false', killedBy: 'G07' },
  { ...onFastify, what: "the app's own error handler is replaced although it was to be kept", file: `${F}problems.ts`, find: 'if (errors)', replace: 'if (true)', killedBy: 'H02' },
  { ...onExpress, what: 'validate sends although it is to throw', file: `${E}validate.ts`, find: "const throws = throwsRefusals('validate()', options)", replace: "throwsRefusals('validate()', options)\n  const throws = false", killedBy: 'G14' },
  { ...onExpress, what: 'a wrong option of validate is not refused', file: `${E}validate.ts`, find: "const throws = throwsRefusals('validate()', options)", replace: "const throws = options?.refusals === 'throw'", killedBy: 'G13' },
  { ...onExpress, what: 'protect does not notice that it stands elsewhere', file: `${E}protect.ts`, find: "checkGiven('express', 'protect', request, next)", replace: '', killedBy: 'G13' },
  { ...onExpress, what: 'validate does not notice that it stands elsewhere', file: `${E}validate.ts`, find: "checkGiven('express', 'validate', request, next)", replace: '', killedBy: 'G13' },
  { ...onExpress, what: 'mount does not notice that it stands elsewhere', file: `${E}mount.ts`, find: "checkGiven('express', 'mount', request, next)", replace: '', killedBy: 'G13' },
  { ...onFastify, what: 'validate sends although it is to throw', file: `${F}validate.ts`, find: "const throws = throwsRefusals('validate()', options)", replace: "throwsRefusals('validate()', options)\n  const throws = false", killedBy: 'G14' },
  { ...onFastify, what: 'a wrong option of validate is not refused', file: `${F}validate.ts`, find: "const throws = throwsRefusals('validate()', options)", replace: "const throws = options?.refusals === 'throw'", killedBy: 'G13' },
  { ...onFastify, what: 'protect does not notice that it stands elsewhere', file: `${F}protect.ts`, find: "checkGiven('fastify', 'protect', request, done)", replace: '', killedBy: 'G13' },
  { ...onFastify, what: 'validate does not notice that it stands elsewhere', file: `${F}validate.ts`, find: "checkGiven('fastify', 'validate', request, done)", replace: '', killedBy: 'G13' },
  { ...onFastify, what: 'mount does not notice that it stands elsewhere', file: `${F}mount.ts`, find: "checkGiven('fastify', 'mount', app, done)", replace: '', killedBy: 'G13' },
  { ...onExpress, what: 'no verdict is heeded', file: `${E}protect.ts`, find: 'conclude(verdict, response, next, throws)', replace: 'next()', killedBy: 'G01', alsoBreaks: ['G08'] }, // endpoints are protected by it too
  { ...onFastify, what: 'no verdict is heeded', file: `${F}protect.ts`, find: 'conclude(verdict, reply, done, throws)', replace: 'done()', killedBy: 'G01', alsoBreaks: ['G08'] }, // endpoints are protected by it too
]
