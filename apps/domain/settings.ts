import { readFileSync } from 'node:fs'
import { isSafeUrl } from '@countersign/http'

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
  /** Chains those lines, so that `countersign audit verify` finds what was changed. */
  readonly auditKey: string | undefined
  /** Seconds for the head of a request, and for all of it. */
  readonly headersTimeout: number
  readonly requestTimeout: number
}

/** Throws a TypeError that names the variable, and shows nothing that may be a secret. */
export function readSettings(env: Readonly<Record<string, string | undefined>>): Settings {
  const store = env.STORE || 'sqlite:.data/sample.db'
  const number = (name: string, otherwise: number): number => {
    const text = env[name] || `${otherwise}`
    if (!/^[0-9]{1,10}$/.test(text))
      throw new TypeError(`${name} must be a whole number, in digits, got ${JSON.stringify(text)}`)
    return Number(text)
  }
  const port = number('PORT', 3000)
  if (port > 65_535) throw new TypeError(`PORT must be a port, 0 to 65535, got ${port}`)
  if (!/^(memory:$|sqlite:.)/.test(store) && !isDatabaseUrl(store))
    throw new TypeError(`STORE must be memory:, sqlite:FILE, redis://… or postgres://…${HIDDEN}`)
  const database = env.DB || (store.startsWith('sqlite:') ? store : 'sqlite:.data/domain.db')
  if (!/^(memory:$|sqlite:.)/.test(database)) throw new TypeError(`DB must be memory: or sqlite:FILE${HIDDEN}`)
  return {
    port,
    store,
    database,
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
    auditKey: env.AUDIT_KEY ? readSecret('AUDIT_KEY', env.AUDIT_KEY).replace(/\r?\n$/, '') : undefined,
    headersTimeout: number('HEADERS_TIMEOUT', 10),
    requestTimeout: number('REQUEST_TIMEOUT', 30),
  }
}

const HIDDEN =
  ' (what it is is not shown: it may hold a password; in a URL, one with / or # in it must be percent-encoded)'

function isDatabaseUrl(location: string): boolean {
  return /^(rediss?|postgres(ql)?):\/\//.test(location) && URL.canParse(location)
}

/** What a start has to say of settings that are allowed, and are most likely a slip. */
export function warningsOf({ issuer, audience }: Settings): readonly string[] {
  return [
    ...(isSafeUrl(issuer)
      ? []
      : [`ISSUER is no https URL: tokens say ${JSON.stringify(issuer)}, and there is no /oauth`]),
    ...(isSafeUrl(audience) ? [] : ['AUDIENCE is no https URL: there is no /oauth, no /mcp and no resource metadata']),
  ]
}

/** The private JWK Set in a file. */
export function readKeys(file: string): { keys: [] } {
  try {
    return JSON.parse(readSecret('KEYS', file))
  } catch (error) {
    // What JSON.parse says quotes what it read.
    throw error instanceof SyntaxError ? new TypeError(`KEYS: ${file} is not JSON: it must hold a JWK Set`) : error
  }
}

function readSecret(name: string, file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new TypeError(`${name}: ${file} cannot be read (${(error as NodeJS.ErrnoException).code})`)
  }
}

/** An address as it may be shown: without the user and the password that it may hold. */
export function shownAddress(location: string): string {
  if (!isDatabaseUrl(location)) return location
  const url = new URL(location)
  url.username = url.password = url.search = ''
  return url.href
}

/** The file behind `sqlite:FILE`, or `:memory:`. */
export function sqliteFile(location: string): string {
  return location === 'memory:' ? ':memory:' : location.slice('sqlite:'.length)
}
