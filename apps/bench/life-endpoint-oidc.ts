// oidc-provider with its own adapter for memory, as its docs have it: client credentials, resource indicators for JWT access
// tokens, and refresh tokens that rotate, as ours do.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import Provider, { type JWK } from 'oidc-provider'
import { CLIENT, type EndpointSettings, type TokenEndpoint } from './life-endpoint-candidates.ts'
import { SCOPE } from './settings.ts'

const LIFETIME = 300
const DAYS = 14 * 86_400

export const start = async (settings: EndpointSettings): Promise<TokenEndpoint> => {
  const { issuer, audience, algorithm, signingJwk } = settings
  const provider = new Provider(issuer, {
    jwks: { keys: [{ ...signingJwk, use: 'sig' } as unknown as JWK] },
    clients: [
      {
        client_id: CLIENT.id,
        client_secret: CLIENT.secret,
        grant_types: ['client_credentials', 'refresh_token', 'authorization_code'],
        redirect_uris: [`${issuer}/callback`],
        id_token_signed_response_alg: algorithm,
        token_endpoint_auth_method: 'client_secret_basic',
      },
    ],
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: () => ({
          scope: SCOPE,
          audience,
          accessTokenFormat: 'jwt' as const,
          accessTokenTTL: LIFETIME,
          jwt: { sign: { alg: algorithm } },
        }),
      },
    },
    rotateRefreshToken: true,
    ttl: { ClientCredentials: LIFETIME, AccessToken: LIFETIME, RefreshToken: DAYS, Grant: DAYS },
    findAccount: (_context, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
  })
  const server = createServer(provider.callback())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
    /** What its interactions would end with. */
    async session(accountId) {
      const grant = new provider.Grant({ accountId, clientId: CLIENT.id })
      grant.addResourceScope(audience, SCOPE)
      const client = await provider.Client.find(CLIENT.id)
      if (!client) throw new Error('oidc-provider does not know its client')
      const token = new provider.RefreshToken({
        accountId,
        client,
        grantId: await grant.save(),
        gty: 'authorization_code',
        resource: audience,
        scope: SCOPE,
        expiresWithSession: false,
      } as ConstructorParameters<typeof provider.RefreshToken>[0])
      return token.save()
    },
  }
}
