import { type Client, type DeviceCode, errors, type KoaContextWithOIDC, Provider } from 'oidc-provider'
import { GRANTS } from './client.ts'
import type { Models } from './models.ts'
import { IDENTITY, type Setup } from './options.ts'

/** Seconds that a device waits between two questions (RFC 8628 section 3.2). */
const INTERVAL = 5
/** As it is held against devices: the way here takes longer one time than another. */
const HELD = (INTERVAL - 1) * 1000

/** Where oidc-provider answers otherwise than the RFC has it. */
export function answerByRfc(provider: Provider, setup: Setup, models: Models): void {
  lackedGrants(provider)
  replayedProofs(provider, models)
  wrongTargets(provider)
  devices(provider, setup, models)
}

/** A grant that a client has not is `unauthorized_client` (RFC 6749 section 5.2). */
function lackedGrants(provider: Provider): void {
  const { grantTypeAllowed } = provider.Client.prototype
  provider.Client.prototype.grantTypeAllowed = function (this: Client, type: string) {
    const isAllowed = grantTypeAllowed.call(this, type)
    if (!isAllowed && type === usedGrant(Provider.ctx))
      throw new errors.UnauthorizedClient('requested grant type is not allowed for this client')
    return isAllowed
  }
}

/** What the request itself uses: others are asked after too. */
function usedGrant(ctx: KoaContextWithOIDC | undefined): unknown {
  if (ctx?.oidc.route === 'device_authorization') return GRANTS.device_code
  return ctx?.oidc.route === 'token' ? ctx.oidc.params?.grant_type : undefined
}

/** A proof that comes again is `invalid_dpop_proof` (RFC 9449 sections 5 and 7.1). */
function replayedProofs(provider: Provider, models: Models): void {
  provider.ReplayDetection.unique = async (by: string, id: string, expiresAt: number) => {
    const isNew = await models.claim('ReplayDetection', `${by}\n${id}`, expiresAt * 1000)
    if (!isNew && isProof(Provider.ctx, id)) throw new errors.InvalidDpopProof('the proof was used before')
    return isNew
  }
}

/** Assertions of clients are good once too. */
function isProof(ctx: KoaContextWithOIDC | undefined, id: string): boolean {
  const [, claims = ''] = ctx?.get('dpop').split('.') ?? []
  try {
    return (JSON.parse(Buffer.from(claims, 'base64url').toString()) as { readonly jti?: unknown }).jti === id
  } catch {
    return false
  }
}

/** A resource that was not granted is refused before a code or a token is used up: who asks again, rightly, is no thief. */
function wrongTargets(provider: Provider): void {
  for (const { prototype } of [provider.AuthorizationCode, provider.RefreshToken, provider.DeviceCode]) {
    const { consume } = prototype
    prototype.consume = async function (this: Granted) {
      const [asked] = [Provider.ctx?.oidc.params?.resource].flat()
      if (asked && this.error === undefined && !this.resourceIndicators.has(asked)) throw new errors.InvalidTarget()
      return consume.call(this)
    }
  }
}

/** What oidc-provider's models have, and its types do not say. */
interface Granted {
  readonly resourceIndicators: ReadonlySet<unknown>
  /** Of a device code: the user said no. */
  readonly error?: string
}

/** Devices are told how often they may ask, and `slow_down` where they ask more (RFC 8628 sections 3.2 and 3.5). */
function devices(provider: Provider, { clock }: Setup, models: Models): void {
  const { find } = provider.DeviceCode
  provider.DeviceCode.find = async (code: string, ...rest) => {
    const found = (await find.call(provider.DeviceCode, code, ...rest)) as DeviceCode | undefined
    const { route, client } = Provider.ctx?.oidc ?? {}
    if (!found || route !== 'token' || found.clientId !== client?.clientId) return found as never
    const isWaiting = !found.accountId && found.error === undefined && !found.isExpired
    if (isWaiting && !(await models.claim('DeviceQuestion', code, clock() + HELD))) throw new errors.SlowDown()
    return found as never
  }
  provider.on('device_authorization.success', (_ctx, body) => Object.assign(body as object, { interval: INTERVAL }))
}

/** Where something is asked for: later nothing may be refused, or it would be used up by asking. */
const ASKING: readonly (string | undefined)[] = [
  'authorization',
  'pushed_authorization_request',
  'device_authorization',
]

/**
 * Who names scopes and none that is anything here is told so at once (RFC 6749 sections 3.3, 4.1.2.1 and 5.2). `ofClient`: the
 * scopes of a client that speaks for itself.
 */
export function checkAsked(setup: Setup, { oidc }: KoaContextWithOIDC, ofClient: readonly string[] | undefined): void {
  if (ofClient === undefined && !ASKING.includes(oidc.route)) return
  const asked = [...oidc.requestParamScopes]
  const resources = [oidc.params?.resource ?? []].flat().map(String)
  const known = resources.flatMap((uri) => setup.resources.get(uri)?.scopes ?? [])
  const given = ofClient === undefined ? [...known, ...IDENTITY] : known.filter((scope) => ofClient.includes(scope))
  if (asked.length > 0 && !asked.some((scope) => given.includes(scope)))
    throw new errors.InvalidScope('none of the requested scopes is known here', asked.join(' '))
}

const AUTHENTICATED: readonly (string | undefined)[] = [
  'token',
  'introspection',
  'revocation',
  'pushed_authorization_request',
  'device_authorization',
]

/**
 * A request that names no client at all is `invalid_client`, with a challenge (RFC 6749 section 5.2, RFC 9110 section 15.5.2).
 * Changes the error too: events tell what the client was told.
 */
export function nameNoClient(ctx: KoaContextWithOIDC, out: { error: string }, error: unknown): void {
  const { route, client, params } = ctx.oidc
  const { client_id: id, client_secret: secret, client_assertion: assertion } = params ?? {}
  const isNamed = [client, id, secret, assertion, ctx.headers.authorization].some((one) => one !== undefined)
  if (isNamed || params === undefined || !AUTHENTICATED.includes(route) || out.error !== 'invalid_request') return
  ctx.status = 401
  ctx.append('www-authenticate', `Basic realm="${ctx.oidc.provider.issuer}"`)
  Object.assign(out, { error: 'invalid_client' })
  Object.assign(error as object, { error: 'invalid_client' })
}
