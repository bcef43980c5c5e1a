import type { Provider } from 'oidc-provider'
import type { Models } from './models.ts'
import type { Setup } from './options.ts'
import { makeProvider, type ProviderKey } from './provider.ts'

/**
 * The provider that signs with the key that signs now. Another one is made when the ring turns: nothing is lost by that, since
 * all state is in the store, and requests under way finish on the one they began with.
 */
export function providerNow(
  setup: Setup,
  models: Models,
  secret: () => Promise<Uint8Array>,
  made: (provider: Provider) => void,
): () => Promise<Provider> {
  let current: { readonly kid: string; readonly provider: Provider } | undefined
  return async () => {
    const { kid, algorithm, key } = await setup.authority.signing()
    if (current?.kid === kid) return current.provider
    const jwk = { ...key.export({ format: 'jwk' }), kid, alg: algorithm, use: 'sig' }
    const provider = makeProvider(setup, models, { kid, alg: algorithm as ProviderKey['alg'], jwk }, await secret())
    made(provider)
    current = { kid, provider }
    return provider
  }
}
