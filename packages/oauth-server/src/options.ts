import { checkOptions, isSafeUrl, type Maybe, type RequestView } from '@countersign/http'
import { type AnyPolicy, anyone, type Condition, publicRoute } from '@countersign/policy'
import { type Authority, authorityOf, type LocalIssuer, type StoreLike } from '@countersign/tokens'
import { type KnownClient, knownClient, type OAuthClient } from './client.ts'

/** A person, as the server sees them when it is about to issue. */
export interface Account {
  /** What they may do: tokens never say more. */
  readonly scopes: readonly string[]
  readonly roles?: readonly string[]
  /** OpenID Connect claims, such as `name`, `preferred_username`, `email`, `email_verified`. */
  readonly claims?: Readonly<Record<string, unknown>>
}

/** Judges a user name and a password: `passwordLogin` of `@countersign/passwords` is one. */
export interface Users {
  /** Resolves to whom they name; rejects with `Refused` (401, 429) or `Unavailable`. The request is for limits by address. */
  require(
    credential: { readonly username: string; readonly password: string },
    request: RequestView,
  ): Promise<{ readonly subject: string }>
}

/** A resource server (RFC 8707), by its URI. */
export interface Resource {
  readonly scopes: readonly string[]
}

/** Seconds. */
export interface Lifetimes {
  /** An authorization code: 60. */
  readonly code: number
  /** A refresh token, from use to use: 14 days. */
  readonly refresh: number
  /** What a user granted a client, and so the longest life of its refresh tokens: 90 days. */
  readonly grant: number
  /** A sign-in at this server: 14 days. */
  readonly session: number
  /** A sign-in page that waits: an hour. */
  readonly interaction: number
  /** A device code: 600. */
  readonly deviceCode: number
  /** An ID token: an hour. */
  readonly idToken: number
}

export interface OAuthServerOptions {
  /** What `localIssuer` made: its keys sign, its revocations hold, its verifiers accept. Not HS256. */
  readonly issuer: LocalIssuer
  /** A store of `@countersign/store`: the issuer's, or another. */
  readonly store: StoreLike
  readonly users: Users
  /** Who a subject is now; undefined: gone, and nothing more is issued for them. Asked each time. */
  readonly account: (subject: string) => Maybe<Account | undefined>
  /** What tokens are for, by URI. Who names none gets the first. */
  readonly resources: Readonly<Record<string, Resource>>
  /** A list, or who knows them by id. */
  readonly clients: readonly OAuthClient[] | ((id: string) => Maybe<OAuthClient | undefined>)
  /** The name of the service, in the titles of the pages. */
  readonly name?: string
  readonly lifetimes?: Partial<Lifetimes>
  /** RFC 7662, for clients with a secret: of their own tokens, and of those for the `resource` that they serve. On. */
  readonly introspection?: boolean
  /** RFC 7009. On. */
  readonly revocation?: boolean
  /** RFC 9126. On. */
  readonly pushedRequests?: boolean
  /** RFC 9449: whoever sends a proof gets tokens bound to its key. On. */
  readonly dpop?: boolean
  /** OpenID Connect RP-Initiated Logout 1.0. On. */
  readonly logout?: boolean
  /** OpenID Connect Back-Channel Logout 1.0. Off. */
  readonly backchannelLogout?: boolean
  /** RFC 8628. Off: a device code can be phished by its nature. */
  readonly deviceCodes?: boolean
  /** A client's id may be the URL of a document about it, which is fetched: what MCP clients do. Off. */
  readonly clientDocuments?: boolean
  /** RFC 7591: anyone may register a client, which then needs each user's consent. Off. */
  readonly registration?: boolean
  /** Asked of every request here, as `conditions` of a policy are: a limit by address, HTTPS. Clients hear a refusal as JSON, people on a page. None. */
  readonly conditions?: readonly Condition[]
  /** Fetches clients' documents, and calls their back channel. One that connects to public addresses alone, and follows no redirect. */
  readonly fetch?: typeof globalThis.fetch
  /** Epoch milliseconds, for events and the store. oidc-provider keeps the time of the machine. */
  readonly clock?: () => number
}

const OPTIONS: readonly (keyof OAuthServerOptions)[] = [
  'issuer',
  'store',
  'users',
  'account',
  'resources',
  'clients',
  'name',
  'lifetimes',
  'introspection',
  'revocation',
  'pushedRequests',
  'dpop',
  'logout',
  'backchannelLogout',
  'deviceCodes',
  'clientDocuments',
  'registration',
  'conditions',
  'fetch',
  'clock',
]
const DAY = 86_400
const LIFETIMES: Lifetimes = {
  code: 60,
  refresh: 14 * DAY,
  grant: 90 * DAY,
  session: 14 * DAY,
  interaction: 3600,
  deviceCode: 600,
  idToken: 3600,
}
const SWITCHES = {
  introspection: true,
  revocation: true,
  pushedRequests: true,
  dpop: true,
  logout: true,
  backchannelLogout: false,
  deviceCodes: false,
  clientDocuments: false,
  registration: false,
} as const

/** What of a client asks for a switch. */
const SWITCHED: readonly (readonly [(client: OAuthClient) => boolean, string, keyof typeof SWITCHES])[] = [
  [({ backchannelLogoutUri }) => backchannelLogoutUri !== undefined, '`backchannelLogoutUri`', 'backchannelLogout'],
  [({ grants }) => grants?.includes('device_code') === true, 'the grant device_code', 'deviceCodes'],
  [({ dpopBound }) => dpopBound === true, '`dpopBound`', 'dpop'],
  [({ pushedRequests }) => pushedRequests === true, '`pushedRequests`', 'pushedRequests'],
]

/** Claims that each identity scope gives (OpenID Connect Core section 5.4). */
export const CLAIMS = {
  openid: ['sub'],
  profile: ['name', 'given_name', 'family_name', 'preferred_username', 'picture', 'locale', 'zoneinfo', 'updated_at'],
  email: ['email', 'email_verified'],
} as const
export const IDENTITY: readonly string[] = [...Object.keys(CLAIMS), 'offline_access']

/** The options, checked and filled in. */
export interface Setup {
  readonly own: LocalIssuer
  readonly authority: Authority
  readonly store: StoreLike
  readonly users: Users
  readonly account: OAuthServerOptions['account']
  readonly resources: ReadonlyMap<string, Resource>
  readonly clientOf: (id: string) => Promise<KnownClient | undefined>
  /** Those that are known now. */
  readonly listed: readonly KnownClient[]
  readonly name: string | undefined
  readonly lifetimes: Lifetimes
  readonly on: { readonly [Name in keyof typeof SWITCHES]: boolean }
  readonly fetch: typeof globalThis.fetch | undefined
  /** Of every place here. */
  readonly policy: AnyPolicy
  readonly clock: () => number
  /** The path of the issuer and `/oauth`. */
  readonly base: string
  readonly origin: URL
}

/** Throws a TypeError for what would not work. */
export function checkSetup(options: OAuthServerOptions): Setup {
  checkOptions('oauthServer', options, OPTIONS)
  const {
    issuer: own,
    store,
    users,
    account,
    resources,
    clients,
    name,
    fetch,
    clock = () => Date.now(),
  } = options ?? {}
  const wrong = (option: string, what: string) => new TypeError(`oauthServer: ${option} must be ${what}`)
  let authority: Authority
  try {
    authority = authorityOf(own)
  } catch {
    throw wrong('issuer', 'what localIssuer() made')
  }
  if (authority.algorithm === 'HS256')
    throw wrong('issuer', 'one with public keys: clients verify ID tokens, and HS256 has no key to give them')
  if (!isSafeUrl(authority.issuer) || /[?#]/.test(authority.issuer))
    throw wrong(
      'issuer',
      'one whose `issuer` is an https URL (http on a loopback address), with no query and no fragment',
    )
  if (typeof store?.get !== 'function' || typeof store.scan !== 'function')
    throw wrong('store', "a store, such as sqliteStore('auth.db') of @countersign/store")
  if (typeof users?.require !== 'function')
    throw wrong('users', 'what passwordLogin() made, or has a `require` like it')
  if (typeof account !== 'function') throw wrong('account', 'a function from a subject to { scopes, roles?, claims? }')
  const known = resourcesOf(resources, wrong)
  const origin = new URL(authority.issuer)
  const seconds = lifetimesOf(options.lifetimes, wrong)
  const on = { ...SWITCHES }
  for (const name of Object.keys(SWITCHES) as (keyof typeof SWITCHES)[]) {
    const value = options[name] ?? SWITCHES[name]
    if (typeof value !== 'boolean') throw wrong(name, 'true or false')
    Object.assign(on, { [name]: value })
  }
  const scopesOf = new Set([...known.values()].flatMap(({ scopes }) => scopes))
  const make = (client: OAuthClient) => {
    const made = knownClient(client, IDENTITY)
    const unknown = client.scopes?.find((scope) => !scopesOf.has(scope))
    if (unknown !== undefined)
      throw new TypeError(
        `oauthServer: client ${JSON.stringify(client.id)}: no resource has the scope ${JSON.stringify(unknown)}`,
      )
    for (const [member, name, needs] of SWITCHED)
      if (member(client) && !on[needs])
        throw new TypeError(`oauthServer: client ${JSON.stringify(client.id)}: ${name} needs the option ${needs}: true`)
    if (made.resource !== undefined && !known.has(made.resource))
      throw new TypeError(
        `oauthServer: client ${JSON.stringify(client.id)}: ${JSON.stringify(made.resource)} is not one of \`resources\``,
      )
    return made
  }
  const { listed, clientOf } = clientsOf(clients, make, wrong)
  return {
    own,
    authority,
    store,
    users,
    account,
    resources: known,
    clientOf,
    listed,
    name,
    lifetimes: seconds,
    on,
    policy: policyOf(options.conditions),
    fetch,
    clock,
    base: `${origin.pathname.replace(/\/$/, '')}/oauth`,
    origin,
  }
}

/** Throws a TypeError for what are no conditions. */
function policyOf(conditions: readonly Condition[] | undefined): AnyPolicy {
  if (conditions === undefined || conditions.length === 0) return anyone
  return publicRoute({ name: 'authorization server', conditions })
}

type Wrong = (option: string, what: string) => TypeError

function clientsOf(clients: OAuthServerOptions['clients'], make: (client: OAuthClient) => KnownClient, wrong: Wrong) {
  if (typeof clients === 'function')
    return {
      listed: [],
      async clientOf(id: string) {
        const client = await clients(id)
        if (client !== undefined && client.id !== id)
          throw new TypeError('oauthServer: clients gave a client of another id')
        return client && make(client)
      },
    }
  if (!Array.isArray(clients)) throw wrong('clients', 'a list of clients, or a function from an id to one')
  const listed = clients.map(make)
  const byId = new Map(listed.map((client) => [client.metadata.client_id as string, client]))
  if (byId.size < listed.length) throw wrong('clients', 'a list in which each id stands once')
  return { listed, clientOf: async (id: string) => byId.get(id) }
}

function resourcesOf(resources: OAuthServerOptions['resources'], wrong: Wrong): ReadonlyMap<string, Resource> {
  const known = new Map(Object.entries(resources ?? {}))
  if (known.size === 0)
    throw wrong(
      'resources',
      "the URIs of your APIs with their scopes: { 'https://api.example': { scopes: ['posts:read'] } }",
    )
  for (const [uri, { scopes }] of known) {
    if (!URL.canParse(uri) || uri.includes('#'))
      throw wrong(`resources: ${JSON.stringify(uri)}`, 'an absolute URI without a fragment (RFC 8707 section 2)')
    if (!Array.isArray(scopes) || !scopes.every((scope) => /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(scope)))
      throw wrong(`resources: ${JSON.stringify(uri)}: scopes`, "a list such as ['posts:read'] (RFC 6749 section 3.3)")
    const taken = scopes.find((scope) => IDENTITY.includes(scope))
    if (taken !== undefined)
      throw wrong(`resources: ${JSON.stringify(uri)}: scopes`, `without ${taken}, which is OpenID Connect's`)
  }
  return known
}

function lifetimesOf(given: Partial<Lifetimes> | undefined, wrong: Wrong): Lifetimes {
  checkOptions('oauthServer: lifetimes', given, Object.keys(LIFETIMES))
  const all = { ...LIFETIMES, ...given }
  for (const [name, value] of Object.entries(all))
    if (!Number.isSafeInteger(value) || value < 1 || value > 3650 * DAY)
      throw wrong(`lifetimes.${name}`, 'whole seconds, 1 at least')
  if (all.code > 600) throw wrong('lifetimes.code', 'at most 600 (RFC 6749 section 4.1.2)')
  return all
}
