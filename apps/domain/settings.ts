/** What a host is told by its environment: the table in apps/README.md. */
export interface Settings {
  readonly port: number
  readonly store: string
  readonly database: string
  readonly demo: boolean
  readonly issuer: string
  readonly audience: string
  readonly keysFile: string | undefined
  readonly accessTtl: number
  readonly refreshTtl: number
  readonly refreshGrace: number
  /** As the issuer takes it, which checks it. */
  readonly revocation: string
  /** With a certificate that is made at the start; `mutual`: clients need one too. */
  readonly https: 'no' | 'yes' | 'mutual'
  /** Where those certificates go. */
  readonly tlsFolder: string
  /** Failed logins that one user at one address has in 15 minutes; an address a hundred times as many. */
  readonly loginFailures: number
  /** Addresses of gateways that say what they were asked for: `127.0.0.1`, `10.0.0.0/8`. */
  readonly trustedPeers: readonly string[]
  /** File that security events are appended to, a line each. */
  readonly audit: string | undefined
  /** Seconds for the head of a request, and for all of it. */
  readonly headersTimeout: number
  readonly requestTimeout: number
}

export function readSettings(env: Readonly<Record<string, string | undefined>>): Settings {
  const store = env.STORE || 'sqlite:.data/sample.db'
  const number = (name: string, otherwise: number): number => {
    const value = env[name] ? Number(env[name]) : otherwise
    if (!Number.isInteger(value) || value < 0)
      throw new TypeError(`${name} must be a whole number, got ${JSON.stringify(env[name])}`)
    return value
  }
  return {
    port: number('PORT', 3000),
    store,
    database: env.DB || (store.startsWith('sqlite:') ? store : 'sqlite:.data/domain.db'),
    demo: env.DEMO === '1',
    issuer: env.ISSUER || 'https://sample.test',
    audience: env.AUDIENCE || 'https://api.sample.test',
    keysFile: env.KEYS || undefined,
    accessTtl: number('ACCESS_TTL', 300),
    refreshTtl: number('REFRESH_TTL', 1_209_600),
    refreshGrace: number('REFRESH_GRACE', 10),
    revocation: env.REVOCATION || 'synced',
    https: env.MTLS === '1' ? 'mutual' : env.HTTPS === '1' ? 'yes' : 'no',
    tlsFolder: env.TLS_FOLDER || '.data/tls',
    loginFailures: number('LOGIN_FAILURES', 10),
    trustedPeers: (env.TRUSTED_PEERS ?? '').split(',').filter((peer) => peer !== ''),
    audit: env.AUDIT || undefined,
    headersTimeout: number('HEADERS_TIMEOUT', 10),
    requestTimeout: number('REQUEST_TIMEOUT', 30),
  }
}

/** An address as it may be shown: without the password that it may hold. */
export function shownAddress(location: string): string {
  return /^(redis|postgres)/.test(location) ? location.replace(/\/\/[^@/]*@/, '//') : location
}

/** The file behind `sqlite:FILE`, or `:memory:`. */
export function sqliteFile(location: string): string {
  if (location === 'memory:') return ':memory:'
  if (location.startsWith('sqlite:')) return location.slice('sqlite:'.length)
  throw new TypeError(`${JSON.stringify(shownAddress(location))} is not "memory:" or "sqlite:FILE"`)
}
