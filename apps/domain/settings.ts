/** What a host is told by its environment: the table in the README of this folder. */
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
