// biome-ignore-all lint/suspicious/noTemplateCurlyInString: texts of sources
import type { Mutant } from './mutant.ts'

const TOOLS = 'mcp/src/protect-tools.ts'
const RESOURCE = 'mcp/src/protected-resource.ts'
const SCOPES = 'mcp/src/tool-scopes.ts'
const door = { host: 'door express' } as const

/** Guards of the door of an MCP server. */
// biome-ignore format: a table
export const mcpMutants: readonly Mutant[] = [
  // protect-tools
  { ...door, what: 'tools are protected by nothing', file: TOOLS, find: "if (typeof policy?.authorize !== 'function' || typeof tools?.scopesFor !== 'function')", replace: 'if (false)', killedBy: 'M08' },
  { ...door, what: 'no policy is one', file: TOOLS, find: "typeof policy?.authorize !== 'function' || ", replace: '', killedBy: 'M08' },
  { ...door, what: 'no scopes are some', file: TOOLS, find: " || typeof tools?.scopesFor !== 'function'", replace: '', killedBy: 'M08' },
  { ...door, what: 'text for a parsed body', file: TOOLS, find: "typeof body !== 'object' || ", replace: 'body === undefined || ', killedBy: 'M07' },
  { ...door, what: 'no body for a parsed one', file: TOOLS, find: "if (typeof body !== 'object'", replace: "if (body !== undefined && typeof body !== 'object'", also: [{ file: TOOLS, find: 'if (isPlaceholder(body, request)) return next(new Refused(NOT_JSON))', replace: '' }], killedBy: 'M07' },
  { ...door, what: 'null for a parsed body', file: TOOLS, find: ' || body === null', replace: '', killedBy: 'M07' },
  { ...door, what: 'bytes for a parsed body', file: TOOLS, find: ' || Buffer.isBuffer(body)', replace: '', killedBy: 'M07' },
  { ...door, what: 'an unparsed body passes', file: TOOLS, find: 'return next(unparsed(request))', replace: 'return next()', killedBy: 'M07' },
  { ...door, host: 'door express 4', what: 'what body-parser 1 left is a body', file: TOOLS, find: 'if (isPlaceholder(body, request)) return next(new Refused(NOT_JSON))', replace: '', killedBy: 'M09' },
  { ...door, host: 'door express 4', what: 'a placeholder passes', file: TOOLS, find: 'return next(new Refused(NOT_JSON))', replace: 'return next()', killedBy: 'M09' },
  { ...door, what: 'an empty object is always a placeholder', file: TOOLS, find: 'readableDidRead === false && ', replace: '', killedBy: 'M06' },
  { ...door, what: 'an unlisted tool passes', file: TOOLS, find: 'if (scopes === undefined) return next(new Refused(NO_TOOL))', replace: 'if (scopes === undefined) return next()', killedBy: 'M05' },
  { ...door, what: 'what needs no scope is judged by an empty rule', file: TOOLS, find: 'if (scopes.length === 0) return next()\n', replace: '', killedBy: 'M06', alsoBreaks: ['M03'] }, // whose calls are of a tool without scopes
  { ...door, what: 'every call passes', file: TOOLS, find: 'if (scopes.length === 0) return next()\n', replace: 'return next()\n', killedBy: 'M04' },
  { ...door, what: 'the policy is not asked', file: TOOLS, find: 'policy.authorize(request, { allOf: scopes.map((scope) => ({ scope })) })', replace: 'undefined', killedBy: 'M04' },
  { ...door, what: 'one of the scopes is enough', file: TOOLS, find: '{ allOf: scopes.map', replace: '{ anyOf: scopes.map', killedBy: 'M04' },
  { ...door, what: 'the first scope is enough', file: TOOLS, find: 'allOf: scopes.map', replace: 'allOf: scopes.slice(0, 1).map', killedBy: 'M04' },
  { ...door, what: 'a refusal is not handed on', file: TOOLS, find: 'next(refusal && new Refused(refusal))', replace: 'next()', killedBy: 'M04' },
  { ...door, what: 'a body on GET and DELETE passes', file: TOOLS, find: ' && !hasBody', replace: '', killedBy: 'M07 method' },
  { ...door, what: 'a body in chunks is none', file: TOOLS, find: 'content-length|transfer-encoding', replace: 'content-length', killedBy: 'M07 method' },
  { ...door, what: 'a body with a length is none', file: TOOLS, find: 'content-length|transfer-encoding', replace: 'transfer-encoding', killedBy: 'M07 method' },
  { ...door, what: 'a value of that name is a body', file: TOOLS, find: 'at % 2 === 0 && ', replace: 'at % 2 === 1 && ', killedBy: 'M07 method' },
  { ...door, what: 'any method without a body passes', file: TOOLS, find: "(method === 'GET' || method === 'DELETE') && ", replace: '', killedBy: 'M07 method' },
  { ...door, what: 'GET without a body is a bug', file: TOOLS, find: "method === 'GET' || ", replace: '', killedBy: 'M07 method' },
  { ...door, what: 'DELETE without a body is a bug', file: TOOLS, find: " || method === 'DELETE'", replace: '', killedBy: 'M07 method' },
  // protected-resource
  { ...door, what: 'a misspelled option', file: RESOURCE, find: "checkOptions('protectedResource()', options, ['resource', 'issuers', 'scopes', 'name'])", replace: '', killedBy: 'M08' },
  { ...door, what: 'a resource without https', file: RESOURCE, find: 'isSafeUrl(resource) && ', replace: '', killedBy: 'M08' },
  { ...door, what: 'a resource with a fragment', file: RESOURCE, find: " && !resource.includes('#')", replace: '', killedBy: 'M08' },
  { ...door, what: 'an issuer that is no list', file: RESOURCE, find: '!Array.isArray(issuers) || issuers.length === 0 || !issuers.every(isIssuer)', replace: 'Array.isArray(issuers) && (issuers.length === 0 || !issuers.every(isIssuer))', also: [{ file: RESOURCE, find: 'const names = issuers.map(({ issuer }) => issuer)', replace: 'const names = [issuers].flat().map(({ issuer }) => issuer)' }, { file: RESOURCE, find: 'issuers.map((issuer) => issuer.forAudience(resource))', replace: '[issuers].flat().map((issuer) => issuer.forAudience(resource))' }], killedBy: 'M08' },
  { ...door, what: 'no issuers', file: RESOURCE, find: 'issuers.length === 0 || ', replace: '', killedBy: 'M08' },
  { ...door, what: 'an issuer that is bound already', file: RESOURCE, find: " && typeof value.forAudience === 'function'", replace: '', also: [{ file: RESOURCE, find: 'issuers.map((issuer) => issuer.forAudience(resource))', replace: 'issuers.map((issuer) => issuer.forAudience?.(resource) ?? issuer)' }], killedBy: 'M08' },
  { ...door, what: 'an issuer without a name', file: RESOURCE, find: "typeof value?.issuer === 'string' && ", replace: '', killedBy: 'M08' },
  { ...door, what: 'two issuers of one name', file: RESOURCE, find: 'if (twice !== undefined)', replace: 'if (false)', killedBy: 'M08' },
  { ...door, what: 'scopes as text', file: RESOURCE, find: 'if (scopes !== undefined && !Array.isArray(scopes))', replace: 'if (false)', killedBy: 'M08' },
  { ...door, what: 'the document of the resource on the bare path', file: RESOURCE, find: "${url.pathname === '/' ? '' : url.pathname}`", replace: '`', killedBy: 'M01', alsoBreaks: ['M01 root'] }, // both documents are on one path then
  { ...door, what: 'a slash at the end of the bare path', file: RESOURCE, find: "url.pathname === '/' ? '' : ", replace: '', killedBy: 'M01 root' },
  { ...door, what: 'the document without the query of its resource', file: RESOURCE, find: '${url.origin}${path}${url.search}', replace: '${url.origin}${path}', killedBy: 'M01' },
  { ...door, what: 'the document names no resource', file: RESOURCE, find: '    resource,\n    authorization_servers', replace: '    authorization_servers', killedBy: 'M01 root' },
  { ...door, what: 'the document names no servers', file: RESOURCE, find: '    authorization_servers: names,\n', replace: '', killedBy: 'M01 root' },
  { ...door, what: 'the document names no methods', file: RESOURCE, find: "    bearer_methods_supported: ['header'],\n", replace: '', killedBy: 'M01 root' },
  { ...door, what: 'the document names no scopes', file: RESOURCE, find: '    ...(scopes && { scopes_supported: scopes }),\n', replace: '', killedBy: 'M01' },
  { ...door, what: 'the document has no name', file: RESOURCE, find: '    ...(name !== undefined && { resource_name: name }),\n', replace: '', killedBy: 'M01' },
  { ...door, what: 'the document is for its own origin', file: RESOURCE, find: "'access-control-allow-origin': '*', ", replace: '', killedBy: 'M01' },
  { ...door, what: 'the document is asked for each time', file: RESOURCE, find: "'public, max-age=300'", replace: "'no-store'", killedBy: 'M01' },
  { ...door, what: 'tokens for any resource of the origin', file: RESOURCE, find: 'issuer.forAudience(resource)', replace: 'issuer.forAudience(url.origin)', killedBy: 'M02', alsoBreaks: ['M03', 'M06'] }, // good tokens are for this resource
  { ...door, what: 'the first issuer is asked alone', file: RESOURCE, find: 'judged.then((result) => result ?? ask(at + 1, token))', replace: 'judged', killedBy: 'M03', alsoBreaks: ['M06'] }, // the first is the one that answers later
  { ...door, what: 'the last issuer judges nothing', file: RESOURCE, find: 'const verifier = verifiers[at]', replace: 'const verifier = verifiers.slice(0, -1)[at]', killedBy: 'M03', alsoBreaks: ['M06'] }, // whose tokens are of the last
  { ...door, what: 'nobody is asked after the last', file: RESOURCE, find: 'if (!verifier) return undefined', replace: '', killedBy: 'M03' },
  { ...door, what: 'the challenge leads nowhere', file: RESOURCE, find: '    challenge: Object.freeze({ resource_metadata: metadataUrl }),\n', replace: '', killedBy: 'M01' },
  { ...door, what: 'whose tokens it judges is not said', file: RESOURCE, find: '    issuers: Object.freeze(names),\n', replace: '', killedBy: 'M08' },
  { ...door, what: 'the document is not served', file: RESOURCE, find: 'endpoints: Object.freeze([Object.freeze(endpoint)])', replace: 'endpoints: []', killedBy: 'M01', alsoBreaks: ['M01 root'] }, // neither is that one
  // tool-scopes
  { ...door, what: 'a tool of any name takes *', file: SCOPES, find: "name !== '*' ? ", replace: "true ? ", killedBy: 'M05' , also: [{ file: SCOPES, find: "?? table.get('*')", replace: "?? (name === '*' ? [] : table.get('*'))" }] },
  { ...door, what: 'tools by any prototype', file: SCOPES, find: 'table.get(name) : undefined', replace: "(table.get(name) ?? (name in {} ? [] : undefined)) : undefined", killedBy: 'M05' },
  { ...door, what: 'a tool that is not named needs nothing', file: SCOPES, find: 'if (!listed) return undefined', replace: 'if (!listed) continue', killedBy: 'M05' },
  { ...door, what: 'of a batch the first alone', file: SCOPES, find: 'Array.isArray(body) ? body : [body]', replace: '[Array.isArray(body) ? body[0] : body]', killedBy: 'M04 batch' },
  { ...door, what: 'a batch is one message', file: SCOPES, find: 'Array.isArray(body) ? body : [body]', replace: '[body]', killedBy: 'M04 batch' },
  { ...door, what: 'every method is a call', file: SCOPES, find: "if (method !== 'tools/call') continue", replace: '', killedBy: 'M06' },
]
