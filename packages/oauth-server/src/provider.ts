import { isAuthError, parseJson } from '@countersign/http'
import { publicFetch } from '@countersign/tokens'
import {
  type Client,
  type Configuration,
  errors,
  type Grant,
  interactionPolicy,
  type KoaContextWithOIDC,
  Provider,
} from 'oidc-provider'
import { judgeAccessTokens } from './access-tokens.ts'
import { isClientSecret } from './client-secret.ts'
import { deviceHooks, logoutHooks, renderErrorFor } from './hooks.ts'
import { type Models, sessionOf } from './models.ts'
import { type Account, CLAIMS, IDENTITY, type Setup } from './options.ts'
import { routesAt } from './paths.ts'
import { documented } from './registration.ts'
import { answerByRfc, checkAsked } from './rfc-answers.ts'

/** The key that a provider signs with: a private JWK. */
export interface ProviderKey {
  readonly kid: string
  readonly alg: 'EdDSA' | 'ES256' | 'RS256'
  readonly jwk: Readonly<Record<string, unknown>>
}

/** An account as oidc-provider holds it for a request, with what our hooks read off it. */
interface HeldAccount {
  readonly accountId: string
  readonly held: Account
  readonly endedUntil: number
}

export const CLIENT_ALGORITHMS = ['ES256', 'EdDSA', 'PS256', 'RS256'] as const
export const DPOP_ALGORITHMS = ['ES256', 'EdDSA'] as const
const words = (text: string | undefined): readonly string[] => (text ? text.split(' ') : [])

/** An oidc-provider on our store, users, revocations and pages, that signs with one key. All its state is in the store. */
export function makeProvider(setup: Setup, models: Models, key: ProviderKey, secret: Uint8Array): Provider {
  const { authority, lifetimes, on, base, origin } = setup
  const isSecure = origin.protocol === 'https:'
  const provider = new Provider(authority.issuer, {
    adapter: models.adapter,
    jwks: { keys: [key.jwk as never] },
    routes: routesAt(base),
    responseTypes: ['code'],
    scopes: [...IDENTITY, ...new Set([...setup.resources.values()].flatMap(({ scopes }) => scopes))],
    claims: Object.fromEntries(Object.entries(CLAIMS).map(([scope, claims]) => [scope, [...claims]])),
    acrValues: [],
    clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'],
    enabledJWA: {
      clientAuthSigningAlgValues: [...CLIENT_ALGORITHMS],
      idTokenSigningAlgValues: [key.alg],
      dPoPSigningAlgValues: [...DPOP_ALGORITHMS],
    },
    clientDefaults: { id_token_signed_response_alg: key.alg },
    pkce: { required: () => true },
    allowOmittingSingleRegisteredRedirectUri: false,
    rotateRefreshToken: true,
    issueRefreshToken: async (_ctx, client) => client.grantTypeAllowed('refresh_token'),
    expiresWithSession: async (_ctx, source) => !source.scopes.has('offline_access'),
    clientBasedCORS: (ctx, from, client) =>
      (ctx.oidc.route === 'userinfo' || client.clientAuthMethod === 'none') &&
      (client.redirectUris ?? []).some((uri) => URL.canParse(uri) && new URL(uri).origin === from),
    cookies: {
      keys: [],
      names: isSecure
        ? { session: '__Host-oauth', interaction: '__Secure-oauth-interaction', resume: '__Secure-oauth-resume' }
        : { session: 'oauth', interaction: 'oauth-interaction', resume: 'oauth-resume' },
      long: { httpOnly: true, sameSite: 'lax', path: '/' },
      short: { httpOnly: true, sameSite: 'lax' },
    },
    ttl: {
      AccessToken: authority.lifetime,
      ClientCredentials: authority.lifetime,
      AuthorizationCode: lifetimes.code,
      DeviceCode: lifetimes.deviceCode,
      Grant: lifetimes.grant,
      IdToken: lifetimes.idToken,
      Interaction: lifetimes.interaction,
      RefreshToken: lifetimes.refresh,
      Session: lifetimes.session,
    },
    interactions: { policy: policyOf(), url: (_ctx, interaction) => `${base}/interaction/${interaction.uid}` },
    findAccount: async (ctx, subject, token) => accountFor(setup, subject, beganAt(ctx, token)) as never,
    loadExistingGrant: (ctx) => grantFor(ctx, setup),
    extraTokenClaims: (ctx, token) => (token.kind === 'AccessToken' ? userClaims(setup, ctx, token) : undefined),
    formats: {
      customizers: {
        // After "log out everywhere" tokens begin a second later, or they would be refused with the others.
        jwt(ctx, _token, { payload }) {
          const { endedUntil = -1 } = (ctx.oidc.account ?? {}) as Partial<HeldAccount>
          const { iat } = payload as { readonly iat: number }
          const from = Math.max(iat, endedUntil + 1)
          Object.assign(payload, { iat: from, exp: from + authority.lifetime })
        },
      },
    },
    renderError: renderErrorFor(setup),
    // Subjects are public: nothing is asked there.
    sectorIdentifierUriValidate: () => false,
    discovery: { claim_types_supported: undefined, ui_locales_supported: ['en', 'ko'] },
    fetchResponseBodyLimits: { 'client_id metadata document': 5 * 1024, jwks_uri: 64 * 1024, sector_identifier_uri: 0 },
    fetch: plainFetch(setup.fetch ?? publicFetch()),
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      userinfo: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: (_ctx, _client, oneOf) => (oneOf ?? [...setup.resources.keys()])[0] as string,
        useGrantedResource: () => true,
        getResourceServerInfo: (ctx, uri, client) => resourceInfo(setup, key, ctx, uri, client),
      },
      introspection: {
        enabled: on.introspection,
        // No oracle: whoever may not know hears what is said of a token that never was.
        async allowedPolicy(_ctx, client, token) {
          if (client.clientAuthMethod === 'none') return false
          if (token.clientId === client.clientId) return true
          const known = await setup.clientOf(client.clientId)
          return known?.resource !== undefined && 'aud' in token && token.aud === known.resource
        },
      },
      revocation: {
        enabled: on.revocation,
        allowedPolicy: (_ctx, client, token) => token.clientId === client.clientId,
      },
      pushedAuthorizationRequests: { enabled: on.pushedRequests },
      dPoP: { enabled: on.dpop, ...(on.dpop && { nonceSecret: Buffer.from(secret) }) },
      deviceFlow: { enabled: on.deviceCodes, ...deviceHooks(setup) },
      rpInitiatedLogout: { enabled: on.logout, ...logoutHooks(setup) },
      backchannelLogout: { enabled: on.backchannelLogout },
      registration: { enabled: on.registration, initialAccessToken: false, issueRegistrationAccessToken: false },
      clientIdMetadataDocument: {
        enabled: on.clientDocuments,
        ack: 'draft-02',
        allowClient: (_ctx, client) => documented(client),
      },
    },
  } satisfies Configuration as Configuration)
  provider.Client.prototype.compareClientSecret = function (this: Client, given: string) {
    return isClientSecret(given, this.clientSecret)
  } as never
  // Of any key of the ring, not only the one that signs now.
  provider.IdToken.validate = async (hint: string, client: Client) => hintOf(setup, hint, client.clientId)
  judgeAccessTokens(provider, setup, models)
  answerByRfc(provider, setup, models)
  return provider
}

/** Ours decides what may be reached: the dispatcher that oidc-provider sends along, which refuses private addresses, stays behind. */
function plainFetch(fetch: typeof globalThis.fetch): typeof globalThis.fetch {
  return (url, init) => {
    const { dispatcher: _, ...plain } = (init ?? {}) as RequestInit & { readonly dispatcher?: unknown }
    return fetch(url, plain)
  }
}

function policyOf() {
  const policy = interactionPolicy.base()
  policy
    .get('login')
    ?.checks.add(
      new interactionPolicy.Check(
        'account_gone',
        'the account of the session is gone, or all its sessions were ended',
        'login_required',
        (ctx) => ctx.oidc.session?.accountId !== undefined && ctx.oidc.account === undefined && !ctx.oidc.result?.login,
      ),
    )
  return policy
}

/** Epoch seconds when what a token or session stands on began. */
function beganAt(ctx: KoaContextWithOIDC, token: unknown): number {
  const { iiat, iat } = (token ?? {}) as { readonly iiat?: number; readonly iat?: number }
  return iiat ?? iat ?? ctx.oidc.session?.loginTs ?? Number.POSITIVE_INFINITY
}

/** Undefined: gone, or everything that began then was ended ("log out everywhere"). */
async function accountFor(setup: Setup, subject: string, began: number) {
  const held = await setup.account(subject)
  if (held === undefined || held === null) return undefined
  const endedUntil = await setup.authority.endedUntil(subject)
  if (began <= endedUntil) return undefined
  return { accountId: subject, held, endedUntil, claims: () => ({ ...held.claims, sub: subject }) }
}

/** Roles are the user's own power, which nobody was asked to hand over: only clients of one's own get them. */
async function userClaims(setup: Setup, ctx: KoaContextWithOIDC, token: UserToken): Promise<Record<string, unknown>> {
  const { AuthorizationCode, RefreshToken, DeviceCode } = ctx.oidc.entities
  const authTime = (AuthorizationCode ?? RefreshToken ?? DeviceCode)?.authTime
  const isOwn = (await setup.clientOf(token.clientId ?? ''))?.consent === false
  const roles = isOwn ? (ctx.oidc.account as unknown as HeldAccount | undefined)?.held.roles : undefined
  return {
    sid: sessionOf(token.grantId),
    ...(authTime !== undefined && { auth_time: authTime }),
    ...(roles !== undefined && { roles: [...roles] }),
  }
}

interface UserToken {
  readonly grantId: string
  readonly clientId?: string | undefined
}

/** What a token for a resource may say: its scopes, less what the client or the account lacks. */
function resourceInfo(setup: Setup, key: ProviderKey, ctx: KoaContextWithOIDC, uri: string, client: Client) {
  const resource = setup.resources.get(uri)
  if (!resource) throw new errors.InvalidTarget()
  const ofClient = client.scope === undefined ? undefined : words(client.scope)
  const account = ctx.oidc.account as unknown as HeldAccount | undefined
  const scopes = resource.scopes.filter(
    (scope) => ofClient?.includes(scope) !== false && account?.held.scopes.includes(scope) !== false,
  )
  const isOfClient = ctx.oidc.params?.grant_type === 'client_credentials'
  checkAsked(setup, ctx, isOfClient ? ofClient : undefined)
  return {
    audience: uri,
    scope: [...scopes, ...(isOfClient ? [] : IDENTITY)].join(' '),
    accessTokenFormat: 'jwt' as const,
    accessTokenTTL: setup.authority.lifetime,
    jwt: { sign: { alg: key.alg, kid: key.kid } },
  }
}

/** The grant of this session and client. A client that is one's own gets one without asking. */
async function grantFor(ctx: KoaContextWithOIDC, setup: Setup): Promise<Grant | undefined> {
  const { oidc } = ctx
  const client = oidc.client as Client
  const id = oidc.result?.consent?.grantId ?? oidc.session?.grantIdFor(client.clientId)
  const found = id === undefined ? undefined : await oidc.provider.Grant.find(id)
  const account = oidc.account as unknown as HeldAccount
  // Of whoever was signed in before on this browser.
  const grant = found?.accountId === account.accountId ? found : undefined
  const known = await setup.clientOf(client.clientId)
  if (known?.consent !== false) return grant
  const own = grant ?? new oidc.provider.Grant({ accountId: account.accountId, clientId: client.clientId })
  grantScopes(own, account.held, [...oidc.requestParamScopes], Object.keys(oidc.resourceServers ?? {}))
  await own.save()
  return own
}

/** Adds what the account has of the scopes asked for, and remembers the rest as refused, so that nobody is asked again. */
export function grantScopes(
  grant: Grant,
  account: Account,
  asked: readonly string[],
  resources: readonly string[],
): void {
  const has = (scope: string) => IDENTITY.includes(scope) || account.scopes.includes(scope)
  const given = asked.filter(has)
  const rest = asked.filter((scope) => !has(scope))
  if (given.length > 0) grant.addOIDCScope(given.join(' '))
  if (rest.length > 0) grant.rejectOIDCScope(rest.join(' '))
  for (const resource of resources) {
    if (given.length > 0) grant.addResourceScope(resource, given.join(' '))
    if (rest.length > 0) grant.rejectResourceScope(resource, rest.join(' '))
  }
}

async function hintOf(setup: Setup, hint: string, clientId: string) {
  const judged = await setup.authority.verifyJws(hint)
  const parsed = isAuthError(judged) ? judged : parseJson(judged.payload)
  const claims = (isAuthError(parsed) ? {} : (parsed.value ?? {})) as Record<string, unknown>
  const { iss, aud, sub } = claims
  if (isAuthError(judged) || iss !== setup.authority.issuer || aud !== clientId || typeof sub !== 'string')
    throw new errors.InvalidRequest('could not validate id_token_hint')
  return { header: { ...judged.header }, payload: claims }
}
