import { isUnavailable } from '@countersign/http'
import { clientCredentialsGrant, type DPoPHandle, getDPoPHandle, randomDPoPKeyPair } from 'openid-client'
import { type Connection, unavailableIn } from './connection.ts'
import { isDue } from './session.ts'

export interface ServiceToken {
  readonly accessToken: string
  /** Of a bound token: what makes its proofs, and keeps the nonces of servers. */
  readonly proof?: DPoPHandle
}

export interface ServiceTokens {
  /** The token at hand, or a new one. Throws `Unavailable`. */
  current(): Promise<ServiceToken>
  /** Another one than this, which an API called invalid. */
  instead(refused: ServiceToken): Promise<ServiceToken>
}

interface Terms {
  readonly parameters: Readonly<Record<string, string>>
  readonly dpop: boolean
  /** Epoch seconds. */
  readonly now: () => number
}

/** Seconds that a token is kept which does not say how long it lives. */
const UNSAID = 60

/** The token of a service, kept in this process. Any number of callers wait for one request. */
export function serviceTokens(connection: Connection, { parameters, dpop, now }: Terms): ServiceTokens {
  let known: { readonly token: ServiceToken; readonly at: number; readonly expiresAt: number } | undefined
  let fetching: Promise<ServiceToken> | undefined
  let handle: DPoPHandle | undefined

  async function grant(): Promise<ServiceToken> {
    const configuration = await connection.configuration()
    if (dpop) handle ??= getDPoPHandle(configuration, await randomDPoPKeyPair('ES256'))
    const options = handle ? { DPoP: handle } : {}
    const answer = await clientCredentialsGrant(configuration, parameters, options).catch((error: unknown) => {
      throw unavailableIn(error) ?? connection.fault(error)
    })
    const type = dpop ? 'dpop' : 'bearer'
    // A token that is not bound, where one was asked for, is good for whoever steals it.
    if (answer.token_type !== type) throw connection.fault(new Error(`it gave no ${type} token`))
    const at = now()
    const token: ServiceToken = { accessToken: answer.access_token, ...(handle && { proof: handle }) }
    known = { token, at, expiresAt: at + (answer.expires_in ?? UNSAID) }
    return token
  }

  function fetchOnce(): Promise<ServiceToken> {
    fetching ??= grant().finally(() => (fetching = undefined))
    return fetching
  }

  return {
    async current() {
      if (!known || isDue(known, now())) {
        const before = known
        return fetchOnce().catch((error: unknown) => {
          // It is renewed ahead of its end: until then a provider that is down harms nobody.
          if (before && isUnavailable(error) && now() < before.expiresAt) return before.token
          throw error
        })
      }
      return known.token
    },
    async instead(refused) {
      if (known?.token === refused) known = undefined
      return known ? known.token : fetchOnce()
    },
  }
}
