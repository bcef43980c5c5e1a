import { checkOptions, isLoopback, isSafeUrl } from '@countersign/http'
import {
  allowInsecureRequests,
  Configuration,
  customFetch,
  type DPoPHandle,
  fetchProtectedResource,
  WWWAuthenticateChallengeError,
} from 'openid-client'
import { CLIENT_OPTIONS, type ClientCredentials, clientAuthentication, configured } from './client-authentication.ts'
import { fetchOption, originFault } from './client-options.ts'
import { connect } from './connection.ts'
import { checkProvider, type Provider } from './provider.ts'
import type { Fetch } from './provider-fetch.ts'
import { type ServiceToken, serviceTokens } from './service-token.ts'

export interface ServiceFetchOptions extends ClientCredentials {
  /** Who gives the tokens: `entraId({ tenant })` and the like, or `{ issuer }`. */
  readonly provider: Provider
  /** What is asked for. Entra ID: `['api://…/.default']`. */
  readonly scopes?: readonly string[]
  /** The API that the tokens are for (RFC 8707). */
  readonly resource?: string
  /** Origins that get the token, and no other. Left out: that of `resource`. */
  readonly origins?: readonly string[]
  /** Binds the tokens to a key that this process makes (RFC 9449): false. Who steals one then has nothing. */
  readonly dpop?: boolean
  /** Further parameters of the token request. */
  readonly parameters?: Readonly<Record<string, string>>
  /** The global `fetch`, unless told otherwise: for the provider and for the API. */
  readonly fetch?: Fetch
  /** Epoch milliseconds. */
  readonly clock?: () => number
}

/** A `fetch` that authenticates itself. */
export type ServiceFetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>

const MAKER = 'serviceFetch'
const OPTIONS = ['provider', ...CLIENT_OPTIONS, 'scopes', 'resource', 'origins', 'dpop', 'parameters', 'fetch', 'clock']
const OWN: readonly string[] = ['grant_type', 'client_id', 'client_secret', 'scope', 'resource']

/**
 * Returns a `fetch` that calls APIs as this service, by client credentials (RFC 6749 section 4.4): the token is kept until
 * shortly before it runs out, fetched once whoever waits for it, and fetched again, once, when the API calls it invalid. It
 * goes to `origins` alone: a request to another is a TypeError, and no redirect is followed. Rejects with `Unavailable` while
 * the provider does not answer. Bodies are read whole before they are sent. Throws a TypeError for wrong options.
 */
export function serviceFetch(options: ServiceFetchOptions): ServiceFetch {
  checkOptions(MAKER, options, OPTIONS)
  const { provider, clientId, clock = () => Date.now() } = options ?? {}
  checkProvider(MAKER, provider)
  const authentication = clientAuthentication(MAKER, options)
  if (options.clientSecret === undefined && options.clientKey === undefined)
    throw wrong('clientSecret', 'there, or clientKey: nobody gives a token to a service that proves nothing')
  if (typeof clock !== 'function') throw wrong('clock', 'a function to epoch milliseconds')
  const origins = originsOption(options)
  const fetch = fetchOption(MAKER, options.fetch)
  const connection = connect(configured(MAKER, options), authentication, fetch)
  const tokens = serviceTokens(connection, {
    parameters: parametersOf(options),
    dpop: dpopOption(options.dpop),
    now: () => clock() / 1000,
  })

  return async (input, init = {}) => {
    const request = new Request(input, { ...init, redirect: 'manual' })
    const url = new URL(request.url)
    if (!origins.includes(url.origin))
      throw new TypeError(`${MAKER}: ${url.origin} is none of the origins that get this token: ${origins.join(', ')}`)
    // Read whole, so that it can be sent again.
    const body = request.body ? new Uint8Array(await request.arrayBuffer()) : undefined
    const call: Call = { url, request, init, body }
    const token = await tokens.current()
    const first = await send(call, token)
    if (!first.isTokenRefused) return first.response
    await first.response.body?.cancel()
    return (await send(call, await tokens.instead(token))).response
  }

  async function send(call: Call, { accessToken, proof }: ServiceToken): Promise<Sent> {
    const { url, request, init, body } = call
    let fault: unknown
    const carrier = await carrierOf((address, asked) =>
      fetch(address, { ...init, ...asked, redirect: 'manual', signal: request.signal } as RequestInit).catch(
        (error) => {
          fault = error
          throw error
        },
      ),
    )
    try {
      const headers = new Headers(request.headers)
      for (const own of ['authorization', 'dpop']) headers.delete(own)
      return {
        response: await fetchProtectedResource(carrier, accessToken, url, request.method, body, headers, dpopOf(proof)),
      }
    } catch (error) {
      if (error instanceof WWWAuthenticateChallengeError)
        return { response: error.response, isTokenRefused: error.status === 401 && isInvalidToken(error) }
      throw fault ?? error
    }
  }

  /** One for each request: what it fetches with has this request's own signal. */
  async function carrierOf(carry: Fetch): Promise<Configuration> {
    const carrier = new Configuration((await connection.configuration()).serverMetadata(), clientId)
    carrier[customFetch] = (address, asked) => carry(address, asked as RequestInit)
    carrier.timeout = undefined
    if (origins.some(isLoopback)) allowInsecureRequests(carrier)
    return carrier
  }
}

interface Call {
  readonly url: URL
  readonly request: Request
  readonly init: RequestInit
  readonly body: Uint8Array | undefined
}
interface Sent {
  readonly response: Response
  readonly isTokenRefused?: boolean
}

function dpopOf(proof: DPoPHandle | undefined) {
  return proof === undefined ? {} : { DPoP: proof }
}

/** RFC 6750 section 3.1. */
function isInvalidToken({ cause }: WWWAuthenticateChallengeError): boolean {
  return cause.some(({ parameters }) => parameters.error === 'invalid_token')
}

function wrong(option: string, what: string): TypeError {
  return new TypeError(`${MAKER}: ${option} must be ${what}`)
}

function originsOption({ resource, origins }: ServiceFetchOptions): readonly string[] {
  if (resource !== undefined && !URL.canParse(resource)) throw wrong('resource', 'the URI of an API')
  const list = origins ?? (isSafeUrl(resource) ? [new URL(resource).origin] : [])
  if (!Array.isArray(list) || list.length === 0)
    throw wrong('origins', "a list of the origins that get the token, such as ['https://api.acme.com']")
  const fault = list.map(originFault).find(Boolean)
  if (fault) throw wrong('origins', fault)
  return [...list]
}

function dpopOption(dpop: unknown = false): boolean {
  if (typeof dpop !== 'boolean') throw wrong('dpop', 'true or false')
  return dpop
}

function parametersOf({
  provider,
  scopes,
  resource,
  parameters,
}: ServiceFetchOptions): Readonly<Record<string, string>> {
  const isScope = (one: unknown) => typeof one === 'string' && /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(one)
  if (scopes !== undefined && (!Array.isArray(scopes) || !scopes.every(isScope)))
    throw wrong('scopes', 'a list of scopes')
  const all = { ...provider.service, ...parameters }
  const own = Object.keys(all).find((name) => OWN.includes(name))
  if (own !== undefined) throw wrong('parameters', `without ${own}, which has an option of its own`)
  if (!Object.values(all).every((one) => typeof one === 'string')) throw wrong('parameters', 'names with texts')
  return Object.freeze({
    ...all,
    ...(scopes?.length && { scope: scopes.join(' ') }),
    ...(resource !== undefined && { resource }),
  })
}
