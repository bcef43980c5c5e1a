import { generateKeyPairSync } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { JWK } from 'jose'
import Provider from 'oidc-provider'

export const CLIENT = { id: 'app', secret: 'the-secret-of-the-app-0123456789abcdef' }
export const SERVICE = { id: 'service', secret: 'the-secret-of-the-service-0123456789ab' }
export const APP = 'https://app.test'
export const API = 'https://api.test/'

export interface RealProvider {
  readonly issuer: string
  readonly provider: Provider
  /** Its private key, for tokens that it never signed. */
  readonly jwk: JWK
  /** Paths that were asked for, in order. */
  readonly asked: string[]
  /** Grant types asked for at the token endpoint, in order. */
  readonly grants: string[]
  /** Answers in place of the provider: for faults. Gets the path; `undefined` lets it through. */
  fault: ((path: string, request: IncomingMessage) => number | 'hang' | undefined) | undefined
  /** A claim of everybody, in ID tokens. */
  name: string | undefined
  /** Who signs in next; `undefined`: they decline. */
  person: string | undefined
  /** What the token endpoint waits for. */
  hold: Promise<void> | undefined
  /** Answers every refresh with invalid_grant. */
  refuseRefresh: boolean
  close(): Promise<void>
}

/** oidc-provider on the loopback, with a person who always types the right password. */
export async function realProvider(backchannel?: string, clientKeys?: readonly object[]): Promise<RealProvider> {
  const server: Server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const jwk: JWK = { ...(privateKey.export({ format: 'jwk' }) as JWK), kid: 'one', use: 'sig', alg: 'RS256' }
  const provider = new Provider(issuer, {
    jwks: { keys: [jwk] } as never,
    cookies: { keys: ['keys of the cookies'] },
    clients: [
      {
        client_id: CLIENT.id,
        client_secret: CLIENT.secret,
        token_endpoint_auth_method: 'client_secret_post',
        grant_types: ['authorization_code', 'refresh_token'],
        redirect_uris: [`${APP}/callback`, `${APP}/app/callback`],
        post_logout_redirect_uris: [`${APP}/`, `${APP}/app/`],
        backchannel_logout_session_required: true,
        ...(backchannel && { backchannel_logout_uri: backchannel }),
      },
      {
        client_id: SERVICE.id,
        client_secret: SERVICE.secret,
        token_endpoint_auth_method: 'client_secret_post',
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
      },
      {
        client_id: 'basic',
        client_secret: SERVICE.secret,
        token_endpoint_auth_method: 'client_secret_basic',
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
      },
      ...(clientKeys === undefined
        ? []
        : [
            {
              client_id: 'keyed',
              token_endpoint_auth_method: 'private_key_jwt',
              jwks: { keys: clientKeys },
              grant_types: ['client_credentials'],
              redirect_uris: [],
              response_types: [],
            },
          ]),
    ],
    features: {
      devInteractions: { enabled: false },
      backchannelLogout: { enabled: true },
      clientCredentials: { enabled: true },
      dPoP: { enabled: true, nonceSecret: Buffer.alloc(32, 7), requireNonce: () => true } as never,
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: async (ctx: { body: unknown }, form: string) => {
          ctx.body = `<body>${form}</body>`
        },
      } as never,
      resourceIndicators: {
        enabled: true,
        defaultResource: () => API,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({ scope: 'read write', audience: API, accessTokenFormat: 'jwt' }),
      } as never,
    },
    ttl: {
      AccessToken: 60,
      IdToken: 3600,
      ClientCredentials: 60,
      RefreshToken: 86_400,
      Interaction: 600,
      Session: 86_400,
      Grant: 86_400,
    },
    rotateRefreshToken: true,
    // Its own has a way out to this machine barred.
    fetch: (url: string, { dispatcher: _, ...options }: RequestInit & { dispatcher?: unknown }) =>
      globalThis.fetch(url, options),
    pkce: { required: () => true },
    claims: { openid: ['sub'], profile: ['name'], email: ['email'] },
    conformIdTokenClaims: false,
    clientAuthMethods: ['client_secret_post', 'client_secret_basic', 'private_key_jwt', 'none'],
    enabledJWA: { clientAuthSigningAlgValues: ['RS256', 'PS256', 'ES256'] },
    findAccount: (_ctx: unknown, id: string) => ({
      accountId: id,
      claims: () => ({ sub: id, name: self.name ?? `${id} of test`, email: `${id}@app.test` }),
    }),
    interactions: { url: (_ctx: unknown, interaction: { uid: string }) => `/interaction/${interaction.uid}` },
  } as never)
  provider.proxy = false

  const self: RealProvider = {
    issuer,
    provider,
    jwk,
    asked: [],
    grants: [],
    fault: undefined,
    name: undefined,
    person: 'ada',
    hold: undefined,
    refuseRefresh: false,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
  provider.use(async (ctx, next) => {
    if (ctx.path === '/token') await self.hold
    await next()
    if (self.refuseRefresh && ctx.path === '/token') {
      ctx.status = 400
      ctx.body = { error: 'invalid_grant', error_description: 'canary' }
    }
  })
  const callback = provider.callback()
  provider.on('grant.success', (ctx) => void self.grants.push(`${ctx.oidc.params?.grant_type}`))
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const path = (request.url ?? '/').split('?')[0] as string
    self.asked.push(path)
    const fault = self.fault?.(path, request)
    if (fault === 'hang') return
    if (fault !== undefined) {
      const headers = { 'content-type': 'application/json', 'retry-after': '7' }
      return void response.writeHead(fault, headers).end('{"error":"server_error"}')
    }
    if (path.startsWith('/interaction/')) return void interact(self, request, response)
    callback(request, response)
  })
  return self
}

async function interact(
  { provider, person }: RealProvider,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { prompt, params, session, grantId } = await provider.interactionDetails(request, response)
  if (person === undefined)
    return provider.interactionFinished(request, response, {
      error: 'access_denied',
      error_description: '<b>canary of the provider</b>',
    })
  if (prompt.name === 'login')
    return provider.interactionFinished(
      request,
      response,
      { login: { accountId: person } },
      { mergeWithLastSubmission: false },
    )
  const grant =
    (grantId && (await provider.Grant.find(grantId))) ||
    new provider.Grant({ accountId: session?.accountId as string, clientId: params.client_id as string })
  grant.addOIDCScope('openid profile email offline_access')
  grant.addResourceScope(API, 'read write')
  return provider.interactionFinished(
    request,
    response,
    { consent: { grantId: await grant.save() } },
    { mergeWithLastSubmission: true },
  )
}
