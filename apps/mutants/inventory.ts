// biome-ignore-all lint/suspicious/noTemplateCurlyInString: texts of sources
// What an inventory must not miss, taken out line by line; the test that it names must fail, and does not without.
import type { PackageMutant } from './package-mutants.ts'

const E = 'express/src/inventory.ts'
const F = 'fastify/src/inventory.ts'
const S = 'fastify/src/swagger.ts'
const I = 'inventory/src/'
const adapter = { in: 'src/inventory.test.ts' } as const
const drift = { in: 'src/drift.test.ts', file: `${I}drift.ts` } as const
const security = { in: 'src/security.test.ts', file: `${I}security.ts` } as const
const openapi = { in: 'src/openapi.test.ts' } as const
const text = { in: 'src/text.test.ts' } as const

// biome-ignore format: a table
export const expressInventoryMutants: readonly PackageMutant[] = [
  { ...adapter, what: 'options are not checked', file: E, find: "inventoryOptions(options, ['apps'], log)", replace: "({ undeclared: 'warn', except: [], log, ...options }) as never", test: 'an option that there is not' },
  { ...adapter, what: 'an app that is not mounted is forgotten', file: E, find: 'if (waiting.length > 0)', replace: 'if (false)', test: 'an app that is mounted' },
  { ...adapter, what: 'every HEAD is told', file: E, find: 'withoutOwnHeads(found.map(entryOf))', replace: 'found.map(entryOf)', test: 'the HEAD of a GET' },
  { ...adapter, what: 'nobody is told', file: E, find: 'judgeUndeclared(routes, settled)', replace: '', test: 'are refused with undeclared' },
  { ...adapter, what: 'one path of a list', file: E, find: '[layer.rawPath].flat().flatMap(', replace: '[layer.rawPath].flat().slice(0, 1).flatMap(', test: 'lists of paths' },
  { ...adapter, what: 'what comes later guards', file: E, find: 'before: stack.slice(0, at)', replace: 'before: stack', test: 'nothing that was registered after it' },
  { ...adapter, what: 'endpoints are not seen', file: E, find: 'if (endpoints) return', replace: 'if (false as boolean) return', test: 'endpoints that a package brings' },
  { ...adapter, what: 'routers are not walked', file: E, find: 'if (isRouter(layer.handle)) return walk(layer.handle, steps)', replace: '', test: 'lists of paths' },
  { ...adapter, what: 'an app that is mounted is not seen', file: E, find: "if (layer.name !== 'mounted_app') return []", replace: 'return []', test: 'an app that is mounted' },
  { ...adapter, what: 'Express 4 is asked', file: E, find: "'lazyrouter' in app", replace: 'false', test: 'Express 4 keeps no paths' },
  { ...adapter, what: 'a router that cannot list is taken', file: E, find: " && typeof router.listRoutes === 'function'", replace: '', test: 'Express 4 keeps no paths' },
  { ...adapter, what: 'app.all is told by each method', file: E, find: "? ['*'] : named", replace: '? named : named', test: 'lists of paths' },
  { ...adapter, what: 'handlers of other methods count', file: E, find: '.filter((one) => !one.method || one.method.toUpperCase() === method)', replace: '', test: 'lists of paths' },
  { ...adapter, what: "an endpoint's policy is not told", file: E, find: 'own: [{ [POLICY]: policy }]', replace: 'own: [{ [POLICY]: anyone }]', test: 'endpoints that a package brings' },
  { ...adapter, what: 'a guard under another path counts', file: E, find: '.filter((layer) => stands(layer, steps.slice(at)))', replace: '', test: 'a guard under a path' },
  { ...adapter, what: 'a guard behind the handler counts', file: E, find: 'handler < 0 ? own : own.slice(0, handler)', replace: 'own', test: 'no guard behind a handler' },
  { ...adapter, what: 'a guard behind a handler that ends counts', file: E, find: 'last < 0 ? own.findLastIndex(isOther) : last', replace: 'own.findLastIndex(isOther)', test: 'no guard behind a handler' },
  { ...adapter, what: 'inputs are not told', file: E, find: '...inputOf(Object.assign({}, ...inputs)),', replace: '', test: 'what validate checks' },
  { ...adapter, what: 'a regular expression is told as a path', file: E, find: '...(path === undefined && { regexp: true as const }),', replace: '', test: 'a regular expression has' },
  { ...adapter, what: 'a guard of GET counts for all methods', file: E, find: "method === '*' ? METHODS :", replace: "method === '*' || method === 'POST' ? ['GET'] :", test: 'a route with guards alone' },
  { ...adapter, what: 'HEAD slips by a guard of GET', file: E, find: "method === 'GET' && methodsOf(layer).includes('HEAD') ? ['GET', 'HEAD'] :", replace: '', test: 'no guard behind a handler' },
  { ...adapter, what: 'a guard counts that a handler can leave', file: E, find: 'foreign < 0 ? handles : handles.slice(0, foreign)', replace: 'handles', test: 'no guard behind a handler' },
  { ...adapter, what: 'a guard of every path is tried with samples', file: E, find: 'if (layer.slash) return true', replace: '', test: 'a regular expression has' },
  { ...adapter, what: 'a guard under a regular expression is tried', file: E, find: "|| [layer.rawPath].flat().some((one) => typeof one !== 'string')", replace: '', test: 'a guard under a regular expression' },
  { ...adapter, what: 'one sample is enough', file: E, find: '.flatMap(({ samples }) => samples)', replace: '.flatMap(({ samples }) => samples.slice(0, 1))', test: 'a guard of one segment' },
  { ...adapter, what: 'case is not tried', file: E, find: ', ...otherCases(one)]', replace: ']', test: 'a guard that heeds case' },
  { ...adapter, what: 'what the route does not take is asked of the guard', file: E, find: ' || !takes(steps, one)', replace: '', test: 'a guard that heeds case' },
  { ...adapter, what: 'a step takes the path whole', file: E, find: 'takes(rest, slashed(path.slice(match.path.length)))', replace: 'takes(rest, path)', test: 'a guard that heeds case' },
  { ...adapter, what: 'endpoints are not carried', file: 'express/src/mount.ts', find: 'Object.assign(handler, { [ENDPOINTS]: endpoints })', replace: 'handler', test: 'endpoints that a package brings' },
  { ...adapter, what: 'inputs are not carried', file: 'express/src/validate.ts', find: 'Object.assign(handler, { [INPUT]: input })', replace: 'handler', test: 'what validate checks' },
]

// biome-ignore format: a table
export const fastifyInventoryMutants: readonly PackageMutant[] = [
  { ...adapter, what: 'options are not checked', file: F, find: 'inventoryOptions(options, [], log)', replace: "({ undeclared: 'warn', except: [], log, ...options }) as never", test: 'it is made before the first route' },
  { ...adapter, what: 'an app with routes is taken', file: F, find: "if (!app.printRoutes().startsWith('(empty'))", replace: 'if (false)', test: 'it is made before the first route' },
  { ...adapter, what: 'scopes are not asked for their hooks', file: F, find: 'entriesOf(ofApp, hooksOf(scope), route)', replace: 'entriesOf(ofApp, ofApp, route)', test: 'its own policy' },
  { ...adapter, what: 'every HEAD is told', file: F, find: 'withoutOwnHeads(seen.flatMap', replace: '(seen.flatMap', test: 'lists of methods' },
  { ...adapter, what: 'nobody is told', file: F, find: 'judgeUndeclared(routes, settled)', replace: '', test: 'keep the app from starting' },
  { ...adapter, what: 'the list is read too early', file: F, find: 'if (routes) return routes', replace: 'return routes ?? []', test: 'it is made before the first route' },
  { ...adapter, what: 'hooks of the route do not count', file: F, find: "...guardsIn(listOf(route[name]), () => 'route'),", replace: '', test: 'its own policy' },
  { ...adapter, what: 'hooks of the scope do not count', file: F, find: "...guardsIn(ofScope[name], (hook) => (ofApp[name].includes(hook) ? 'app' : 'router')),", replace: '', test: 'what it says is guarded' },
  { ...adapter, what: 'a hook that gets other arguments counts', file: F, find: "['onRequest', 'preValidation', 'preHandler'] as const", replace: "['onRequest', 'preParsing', 'preValidation', 'preHandler'] as never as readonly ['onRequest', 'preValidation', 'preHandler']", test: 'a hook that never gets to refuse' },
  { ...adapter, what: 'a late hook is not seen', file: F, find: "'preValidation', 'preHandler'] as const", replace: "] as never as readonly ['onRequest', 'preValidation', 'preHandler']", test: 'what it says is guarded' },
  { ...adapter, what: 'the schema option is not told', file: F, find: 'Object.assign({}, schemas, ', replace: 'Object.assign({}, ', test: 'what validate and the schema option' },
  { ...adapter, what: 'validators of a scope are not told', file: F, find: '[...ofScope.preValidation, ...listOf(route.preValidation)]', replace: 'listOf(route.preValidation)', test: 'what validate and the schema option' },
  { ...adapter, what: 'one method of a list', file: F, find: '[route.method].flat().map', replace: '[route.method].flat().slice(0, 1).map', test: 'lists of methods' },
  { ...adapter, what: 'another framework is taken for one without hooks', file: F, find: "throw new TypeError('inventory() finds no hooks in this app: it knows Fastify 5')", replace: 'return {} as never', test: 'it is made before the first route' },
  { ...adapter, what: 'inputs are not carried', file: 'fastify/src/validate.ts', find: 'Object.assign(hook, { [INPUT]: input })', replace: 'hook', test: 'what validate and the schema option' },
  { ...adapter, what: 'defineSchema values go to swagger', file: S, find: "typeof part === 'object' && part ? plainSchema(part) : part", replace: 'part', test: 'its document says of each operation' },
  { ...adapter, what: 'Swagger 2 goes by', file: S, find: 'if (!document) throw', replace: 'if (!document) return {} as never\n      if (false) throw', test: 'Swagger 2 is refused' },
  { ...adapter, what: 'security is not said', file: S, find: '(ours[name] ? [[name, ours[name]]] : [])', replace: '([] as (readonly [string, unknown])[])', test: 'its document says of each operation' },
  { ...adapter, what: 'rules are not said', file: S, find: '[theirs.description, ours.description]', replace: '[theirs.description]', test: 'its document says of each operation' },
  { ...adapter, what: 'refusals are not said', file: S, find: 'responses: { ...(theirs.responses as object), ...refusals },', replace: '', test: 'its document says of each operation' },
  { ...adapter, what: 'routes are told by paths that the plugin shortened', file: S, find: 'const key = `${name.toUpperCase()} ${url}`', replace: 'const key = `${name.toUpperCase()} ${Object.keys(paths).find((one) => paths[one] === item)}`', test: 'under a base path' },
  { ...adapter, what: 'the mark stays', file: S, find: 'const { [MARK]: url, ...operation } = theirs as Parts', replace: 'const operation = theirs as Parts\n            const url = operation[MARK]', test: 'under a base path' },
  { ...adapter, what: 'routes of one shape are one', file: S, find: 'path: `/${at}${one.path}`', replace: 'path: one.path', test: 'wildcards, optional parameters' },
  { ...adapter, what: 'a method without a word is left out', file: S, find: "method: KNOWN.includes(one.method) ? one.method : 'POST',", replace: '', test: 'wildcards, optional parameters' },
  { ...adapter, what: 'the HEAD of a GET is open', file: S, find: " ?? operations.get(key.replace(/^HEAD /, 'GET '))", replace: '', test: 'wildcards, optional parameters' },
  { ...adapter, what: 'the first of two versions counts', file: S, find: '|| asksCredential(route)) operations', replace: '|| (false as boolean)) operations', test: 'of two versions' },
  { ...adapter, what: 'a guarded route may be missing', file: S, find: 'refuseMissing(of, told)\n      const', replace: 'const', test: 'one that was registered before the plugin' },
  { ...adapter, what: 'a place that another route takes is told', file: S, find: 'told.add(key)', replace: "told.add(key).add(key.replace('GET /', 'GET /v1/'))", test: 'one whose place' },
  { ...adapter, what: 'a hidden route is missed', file: S, find: ' && !hidden.has(key)', replace: '', test: 'one that was registered before the plugin' },
  { ...adapter, what: 'a route for anyone is missed', file: S, find: "one.method !== 'HEAD' && asksCredential(one)", replace: "one.method !== 'HEAD'", test: 'one that was registered before the plugin' },
  { ...adapter, what: 'every HEAD is missed', file: S, find: "one.method !== 'HEAD' && ", replace: '', test: 'not a HEAD of its own' },
  { ...adapter, what: 'a tag does not hide', file: F, find: " || tags?.includes('X-HIDDEN') === true", replace: '', test: 'one that was registered before the plugin' },
  { ...adapter, what: 'schemes of their own are lost', file: S, find: '...(components?.[name] as object), ', replace: '', test: 'its document says of each operation' },
]

// biome-ignore format: a table
export const inventoryMutants: readonly PackageMutant[] = [
  { ...drift, what: 'only paths are compared', find: 'difference(operation.security, enforced)', replace: 'undefined as ReturnType<typeof difference>', test: 'the server was changed' },
  { ...drift, what: 'a route without a policy is as documented', find: 'if (!isDeclared(entry)) return undefined', replace: '', test: 'a public route is left without a word' },
  { ...drift, what: 'the security of all is not inherited', find: '?? security ?? []', replace: '?? []', test: 'a document that people wrote agrees' },
  { ...drift, what: 'OAuth is no bearer token', find: "if (scheme.type === 'oauth2' || scheme.type === 'openIdConnect') return 'bearer'", replace: '', test: 'a document that people wrote agrees' },
  { ...drift, what: 'a scheme that is not defined goes by its name', find: 'if (!scheme || scheme.$ref !== undefined) return', replace: "if (!scheme) return 'header x-api-key'\n  if (scheme.$ref) return", test: 'it has another scheme' },
  { ...drift, what: 'scopes are not compared', find: "same('scopes') ? undefined : { kind: 'scopes', detail }", replace: 'undefined', test: 'another scope' },
  { ...drift, what: 'schemes are not compared', find: "if (!same('schemes')) return { kind: 'schemes', detail }", replace: 'if (false as boolean) return undefined', test: 'a public route', also: [{ file: `${I}drift.ts`, find: "if (isOpen(told) && !isOpen(enforced)) return { kind: 'closed', detail }", replace: '' }] },
  { ...drift, what: 'what the document forgot is not told', find: "if (entry.method !== '*') undocumented(entry.method, path, enforced)", replace: "if (entry.method !== '*') continue", test: 'it forgets an operation' },
  { ...drift, what: 'a route for every method is silent', find: "else if (letsAnyoneIn) undocumented('*'", replace: "else if (false as boolean) undocumented('*'", test: 'a route for every method' },
  { ...drift, what: 'a guarded route for every method is told', find: "else if (letsAnyoneIn) undocumented('*'", replace: "else undocumented('*'", test: 'the first of two routes' },
  { ...drift, what: 'no policy is silent', find: 'enforced === undefined || isOpen(enforced)\n    if', replace: 'isOpen(enforced)\n    if', test: 'a route for every method' },
  { ...drift, what: 'a regular expression is silent', find: 'if (letsAnyoneIn) undocumented(entry.method, entry.path', replace: 'if (false as boolean) undocumented(entry.method, entry.path', test: 'a regular expression' },
  { ...drift, what: 'a method without a word is silent', find: 'methods.length > 0 ? methods : [entry.method.toLowerCase()]', replace: 'methods', test: 'a method that OpenAPI 3.1' },
  { ...drift, what: '3.2 is not read', find: 'Object.entries(additionalOperations)', replace: 'Object.entries({ ...(false && additionalOperations) })', test: 'a method that OpenAPI 3.1' },
  { ...drift, what: 'a wildcard hides behind a parameter', find: "wildcard ? '*' : ''", replace: "wildcard ? '' : ''", test: 'a path that another only looks like' },
  { ...drift, what: 'any pattern hides the next route', find: '}${pattern}}`', replace: "}${pattern && ''}}`", test: 'a path that another only looks like' },
  { ...drift, what: 'a path beside the base path hides', find: 'exactly(template, params)}`', replace: 'exactly(path, params)}`', test: 'a path that another only looks like' },
  { ...drift, what: 'what no route serves is not told', find: 'if (!served.has(key)) drifts.push(', replace: 'if (false as boolean) drifts.push(', test: 'it has an operation that nothing serves' },
  { ...drift, what: 'the last of two routes counts', find: 'if (answered.has(whole)) continue', replace: '', test: 'the first of two routes' },
  { ...drift, what: 'in the order of the routes', find: 'drifts.sort((one, other) => ORDER.indexOf(one.kind) - ORDER.indexOf(other.kind))', replace: 'drifts.reverse()', test: 'a route lost its policy' },
  { ...security, what: 'optional is required', find: "mode === 'required' ? known : [NOBODY, ...known]", replace: 'known', test: 'optional' },
  { ...security, what: 'all is any', find: 'one.concat(other)', replace: 'one', test: 'all of several' },
  { ...security, what: 'the scopes of one alternative', find: 'fewest(rule.anyOf.flatMap(scopesOf))', replace: 'fewest(rule.anyOf.flatMap(scopesOf)).slice(0, 1)', test: 'any' },
  { ...security, what: 'the first policy alone', find: '.reduce(both, [NOBODY])', replace: '[0] as never', test: 'several policies must all pass' },
  { ...security, what: 'two schemes under one name', find: 'const key = JSON.stringify([scheme.scheme, made])', replace: 'const key = scheme.scheme', test: 'two of one name' },
  { ...openapi, file: `${I}operation.ts`, what: 'a route without a policy is public', find: '...(isDeclared(entry) && { security }),', replace: 'security,', test: 'an operation says it' },
  { ...openapi, file: `${I}operation.ts`, what: 'conditions refuse nothing', find: 'conditions.flatMap(({ refuses }) => refuses)', replace: '[]', test: 'too many' },
  { ...openapi, file: `${I}operation.ts`, what: 'rules are not said', find: '...(allow ? [`Allowed: ', replace: '...(allow && !allow ? [`', test: 'what security has no words for' },
  { ...openapi, file: `${I}openapi.ts`, what: 'own words on who may call', find: 'if (derived === undefined) return own', replace: 'return own', test: 'of no route, or of who may call' },
  { ...openapi, file: `${I}openapi.ts`, what: 'two names are two paths', find: 'shapes.get(shape) ?? way', replace: 'way', test: 'two templates that differ' },
  { ...openapi, file: `${I}openapi.ts`, what: 'the last of two routes counts', find: 'item[method] ??= merged', replace: 'item[method] = merged', test: 'every method is five' },
  { ...openapi, file: `${I}openapi.ts`, what: 'what is left out is not said', find: 'leftOut.push(key)', replace: '', test: 'what no template can stand for' },
  { ...openapi, file: `${I}schemas.ts`, what: 'references point into nothing', find: '[key, to + value.slice(1)]', replace: '[key, value]', test: 'a schema that refers' },
  { ...text, file: `${I}text.ts`, what: 'a route that lost its policy is told last', find: '.sort((one, other) => one.rank - other.rank)', replace: '', test: 'what has changed' },
  { ...text, file: `${I}text.ts`, what: 'in the order of registration', find: "    .sort(byPath)\n    .map((line)", replace: "    .map((line)", test: 'a line for each route' },
  { ...text, file: `${I}text.ts`, what: 'a name may hold lines', find: ".replace(/[\\p{Cc}\\u2028\\u2029]/gu, '?')", replace: '', test: 'a name cannot begin' },
]
