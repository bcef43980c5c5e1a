import { channel } from 'node:diagnostics_channel'
import {
  headerLines,
  isAuthError,
  type Maybe,
  messageOf,
  type Principal,
  type RequestFacts,
  type RequestView,
  requestFacts,
} from '@countersign/http'
import { type Requirement, type Scheme, schemesOf } from '@countersign/policy'

/** A credential that came in the clear, and was right. */
export interface Exposed {
  /** Name of the scheme that took it. */
  readonly scheme: string
  readonly principal: Principal
}

export interface ExposedOptions {
  /** The credentials of the API: what its policies accept. */
  readonly accept: Requirement
  /** Ends the credential. Called once it was found to be right; the request is refused whatever comes of it. */
  readonly revoke: (exposed: Exposed) => unknown
}

/** Published on `countersign:credential-exposed`, with what may be told of the request. Without a subject the credential was wrong or could not be verified, or nobody looked. */
export interface CredentialExposed extends RequestFacts {
  readonly type: 'credential_exposed'
  /** Epoch milliseconds. */
  readonly at: number
  readonly scheme?: string
  readonly subject?: string
  readonly credential?: Principal['credential']
  readonly revoked: boolean
}

const exposed = channel('countersign:credential-exposed')
/** Where credentials travel when nothing is known of the API. */
const USUAL = ['authorization', 'proxy-authorization', 'x-api-key', 'apikey']

/** Whether the request brought a credential. Reads, and verifies nothing. */
export function bringsCredential(request: RequestView, accept: Requirement | undefined): boolean {
  const message = messageOf(request)
  if (USUAL.some((name) => headerLines(message, name).length > 0)) return true
  return accept !== undefined && schemesOf(accept).some((scheme) => scheme.read(request) !== undefined)
}

/** Finds whose credential it was, revokes it, and tells. Rejects with what `verify` or `revoke` first threw, once each was tried. */
export function endExposed(request: RequestView, options: ExposedOptions | undefined): Maybe<void> {
  if (!options) return tell(request, undefined, undefined, false)
  return endEach(request, options)
}

async function endEach(request: RequestView, { accept, revoke }: ExposedOptions): Promise<void> {
  let told = false
  const errors: unknown[] = []
  for (const scheme of schemesOf(accept)) {
    let principal: Principal | undefined
    try {
      principal = await principalBy(scheme, request)
      if (!principal) continue
      await revoke({ scheme: scheme.name, principal })
      tell(request, scheme.name, principal, true)
    } catch (error) {
      // A credential that stays good is no reason to leave the next one so, and must be heard of.
      errors.push(error)
      tell(request, scheme.name, principal, false)
    }
    told = true
  }
  if (!told) tell(request, undefined, undefined, false)
  if (errors.length > 0) throw errors[0]
}

async function principalBy(scheme: Scheme, request: RequestView): Promise<Principal | undefined> {
  const found = scheme.read(request)
  if (found === undefined || isAuthError(found)) return undefined
  const verified = await scheme.verify(found, request)
  return verified === undefined || verified === null || isAuthError(verified) ? undefined : verified
}

function tell(
  request: RequestView,
  scheme: string | undefined,
  principal: Principal | undefined,
  revoked: boolean,
): void {
  if (!exposed.hasSubscribers) return
  const event: CredentialExposed = {
    type: 'credential_exposed',
    at: Date.now(),
    ...requestFacts(request),
    ...(scheme !== undefined && { scheme }),
    ...(principal && { subject: principal.subject, ...(principal.credential && { credential: principal.credential }) }),
    revoked,
  }
  exposed.publish(Object.freeze(event))
}
