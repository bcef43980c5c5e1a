// Which third-party packages the import of one of ours may load. Whoever imports credentials starts no jose.
import { must } from '../tally.ts'
import type { Graph } from './graph.ts'

const AJV = ['ajv', 'ajv-formats', 'fast-deep-equal', 'fast-uri', 'json-schema-traverse']

const PG = [
  ...['pg', 'pg-connection-string', 'pg-int8', 'pg-pool', 'pg-protocol', 'pg-types', 'pgpass', 'split2', 'xtend'],
  ...['postgres-array', 'postgres-bytea', 'postgres-date', 'postgres-interval'],
]

/** oidc-provider is a Koa application. */
const OIDC = [
  'jose',
  'oidc-provider',
  'accepts',
  'content-disposition',
  'content-type',
  'cookies',
  'debug',
  'deep-equal',
  'delegates',
  'depd',
  'destroy',
  'ee-first',
  'encodeurl',
  'escape-html',
  'fresh',
  'has-flag',
  'http-assert',
  'http-errors',
  'inherits',
  'keygrip',
  'koa',
  'koa-compose',
  'media-typer',
  'mime-db',
  'mime-types',
  'ms',
  'negotiator',
  'on-finished',
  'parseurl',
  'setprototypeof',
  'statuses',
  'supports-color',
  'toidentifier',
  'tsscmp',
  'type-is',
  'vary',
]

/** By package. Ours may load each other, as the floors let them; what stands here under none loads nobody else's. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  '@countersign/bound-tokens': ['jose'],
  '@countersign/cookies': ['cookie'],
  '@countersign/fastify': ['@fastify/ajv-compiler', ...AJV],
  '@countersign/gateway': ['jose'],
  '@countersign/http-signatures': ['structured-headers'],
  '@countersign/oauth-client': ['cookie', 'jose', 'oauth4webapi', 'openid-client'],
  '@countersign/oauth-server': OIDC,
  '@countersign/passwords': ['@node-rs/argon2'],
  '@countersign/rate-limits': ['rate-limiter-flexible'],
  '@countersign/schema': AJV,
  '@countersign/store-postgres': PG,
  '@countersign/store-redis': ['@redis/client'],
  '@countersign/testing': ['jose'],
  '@countersign/tokens': ['jose'],
}

/** What an import loads that is neither ours nor Node's. */
export function thirdParties({ loaded }: Graph): readonly string[] {
  return [...new Set(loaded.map(({ owner }) => owner))].filter((owner) => !isOurs(owner)).sort()
}

/** Fails with the way that a package came in which should not have. */
export function noLeak(graph: Graph): void {
  const from = /^(?:@[^/]+\/)?[^/]+/.exec(graph.entry)?.[0] as string
  const leaks = thirdParties(graph).filter((name) => !(ALLOWED[from] ?? []).some((allowed) => isPart(name, allowed)))
  const lines = leaks.map((name) => `importing ${graph.entry} loads ${name}, through ${graph.pathTo(name).join(' → ')}`)
  must(leaks.length === 0, lines.join('\n'))
}

export function isOurs(name: string): boolean {
  return name.startsWith('@countersign/') || name === 'countersign'
}

/** A native package has its binary in a package of its own: @node-rs/argon2-linux-x64-gnu. */
function isPart(name: string, allowed: string): boolean {
  return name === allowed || name.startsWith(`${allowed}-linux-`) || name.startsWith(`${allowed}-darwin-`)
}
