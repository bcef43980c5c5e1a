import type { KoaContextWithOIDC, Provider } from 'oidc-provider'
import { tellIssued, tellRefused, tellReuse } from './event.ts'
import { sessionOf } from './models.ts'
import type { Setup } from './options.ts'

const REFUSALS = [
  'grant.error',
  'authorization.error',
  'introspection.error',
  'revocation.error',
  'userinfo.error',
  'pushed_authorization_request.error',
  'device_authorization.error',
  'registration_create.error',
  'end_session.error',
] as const

/** Puts what oidc-provider says of itself on our channels. */
export function tellOf(provider: Provider, setup: Setup): void {
  const { issuer } = setup.authority
  const { clock, base } = setup
  const on = provider.on.bind(provider) as (
    name: string,
    told: (ctx: KoaContextWithOIDC, more: unknown, ...rest: readonly unknown[]) => void,
  ) => void
  on('grant.success', ({ oidc }) => {
    tellIssued(() => {
      const { AccessToken, ClientCredentials } = oidc.entities
      const token = AccessToken ?? ClientCredentials
      return {
        at: clock(),
        issuer,
        client: String(oidc.client?.clientId),
        grant: String(oidc.params?.grant_type),
        scopes: token?.scope?.split(' ') ?? [],
        ...(token?.jti !== undefined && { id: token.jti }),
        ...(AccessToken?.accountId !== undefined && { subject: AccessToken.accountId }),
        ...(AccessToken?.grantId !== undefined && { session: sessionOf(AccessToken.grantId) }),
      }
    })
  })
  // A client that could not be told that a session ended.
  on('backchannel.error', (_ctx, thrown, ...rest) => {
    const [client] = rest as readonly [{ readonly clientId?: string }?]
    const { message, cause } = (thrown ?? {}) as {
      readonly message?: unknown
      readonly cause?: { readonly message?: unknown }
    }
    tellRefused(() => ({
      at: clock(),
      issuer,
      place: 'back channel',
      error: 'logout_not_delivered',
      ...(client?.clientId !== undefined && { client: client.clientId }),
      detail: `${cause?.message ?? message ?? ''}`,
    }))
  })
  for (const name of REFUSALS)
    on(name, (ctx, thrown) => {
      tellRefused(() => {
        const { error, error_detail: detail } = (thrown ?? {}) as {
          readonly error?: unknown
          readonly error_detail?: unknown
        }
        const client = ctx.oidc.client?.clientId
        return {
          at: clock(),
          issuer,
          place: ctx.path.slice(base.length),
          error: String(error),
          ...(client !== undefined && { client }),
          ...(typeof detail === 'string' && { detail }),
        }
      })
    })
  on('grant.revoked', (ctx, grantId) => {
    // At the token endpoint a grant ends for one reason only: what was to be used once came again.
    if (ctx.oidc.route !== 'token') return
    tellReuse(() => ({
      at: clock(),
      issuer,
      client: String(ctx.oidc.client?.clientId),
      what: String(ctx.oidc.params?.grant_type),
      session: sessionOf(String(grantId)),
    }))
  })
}
