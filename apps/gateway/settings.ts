import { readFileSync } from 'node:fs'

/** What the gateway is told by its environment: the table in the README. */
export function readSettings(env: Readonly<Record<string, string | undefined>>) {
  const number = (name: string, otherwise: number, least = 0): number => {
    const value = env[name] ? Number(env[name]) : otherwise
    if (!Number.isInteger(value) || value < least) throw new TypeError(`${name} must be a whole number from ${least}`)
    return value
  }
  const upstream = env.UPSTREAM
  if (!upstream || !URL.canParse(upstream) || new URL(upstream).origin !== upstream.replace(/\/$/, ''))
    throw new TypeError('UPSTREAM must be the origin of the services, such as http://127.0.0.1:4000')
  return {
    port: number('PORT', 3000),
    upstream,
    store: env.STORE || 'sqlite:.data/sample.db',
    issuer: env.ISSUER || 'https://sample.test',
    audience: env.AUDIENCE || 'https://api.sample.test',
    service: env.SERVICE || 'posts',
    addressLimit: number('ADDRESS_LIMIT', 1200, 1),
    secretLimit: number('SECRET_LIMIT', 600, 1),
    audit: env.AUDIT || undefined,
    auditKey: env.AUDIT_KEY ? readFileSync(env.AUDIT_KEY, 'utf8').replace(/\r?\n$/, '') : undefined,
    trustedPeers: (env.TRUSTED_PEERS ?? '').split(',').flatMap((peer) => peer.trim() || []),
    bodyLimit: number('BODY_LIMIT', 1_048_576),
    timeout: number('TIMEOUT', 10_000),
    idleTimeout: number('IDLE_TIMEOUT', 60_000),
    headersTimeout: number('HEADERS_TIMEOUT', 10),
    requestTimeout: number('REQUEST_TIMEOUT', 30),
  }
}
