import { type AuthError, authError, isAuthError, parseJson } from '@countersign/http'
import { type AdapterPayload, type Client, errors } from 'oidc-provider'
import { isRedirect } from './client.ts'
import { hashClientSecret } from './client-secret.ts'

/** What a client says that nobody here knew, whether it registered or its id is a document. */
interface Stranger {
  readonly name: string | undefined
  readonly grants: readonly string[] | undefined
  readonly redirects: readonly string[] | undefined
  readonly afterLogout: readonly string[] | undefined
}

const NO_OBJECT = authError('invalid_request', 'oauth.metadata', { detail: 'The body must be a JSON object.' })
const MOST_REDIRECTS = 20
const LONGEST_NAME = 100
/** They would make this server, or a browser on its pages, call where a stranger says; and `scope` would be a ceiling. */
const DROPPED: readonly string[] = [
  'backchannel_client_notification_endpoint',
  'backchannel_logout_uri',
  'initiate_login_uri',
  'jwks_uri',
  'logo_uri',
  'request_uris',
  // Clients write there what they read in metadata. Each user decides what they get.
  'scope',
  'sector_identifier_uri',
]

/** The body of a registration less what is not taken from strangers (RFC 7591 section 2), or why it is no JSON object. */
export function registrationOf(body: Uint8Array): Uint8Array | AuthError {
  const parsed = parseJson(body)
  if (isAuthError(parsed)) return parsed
  const { value } = parsed
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return NO_OBJECT
  return Buffer.from(
    JSON.stringify(Object.fromEntries(Object.entries(value).filter(([name]) => !DROPPED.includes(name)))),
  )
}

/** A client that registered itself, as it is stored: its secret is shown to it once, and kept as a hash. */
export function registered(payload: AdapterPayload): AdapterPayload {
  const { client_secret: secret } = payload
  checkStranger({
    name: payload.client_name,
    grants: payload.grant_types,
    redirects: payload.redirect_uris,
    afterLogout: payload.post_logout_redirect_uris,
  })
  return typeof secret === 'string' ? { ...payload, client_secret: hashClientSecret(secret) } : payload
}

/** Whether a client by its document may be one; what it says that would make this server call elsewhere is taken off it. */
export function documented(client: Client): true {
  checkStranger({
    name: client.clientName,
    grants: client.grantTypes,
    redirects: client.redirectUris,
    afterLogout: client.postLogoutRedirectUris,
  })
  if (client.jwksUri !== undefined && client.tokenEndpointAuthMethod === 'private_key_jwt')
    throw new errors.InvalidClientMetadata('jwks_uri is not followed: put the keys into jwks')
  Object.assign(client, { backchannelLogoutUri: undefined, jwksUri: undefined })
  return true
}

/**
 * Speaks for its users, never for itself; goes back where a code may be sent; has a name that people can read. What begins with
 * `redirect_uris` oidc-provider tells as `invalid_redirect_uri`.
 */
function checkStranger({ name = '', grants = [], redirects = [], afterLogout = [] }: Stranger): void {
  if (grants.includes('client_credentials'))
    throw new errors.InvalidClientMetadata('client_credentials is for clients that the server was told of')
  if (redirects.length > MOST_REDIRECTS)
    throw new errors.InvalidClientMetadata(`redirect_uris must not be more than ${MOST_REDIRECTS}`)
  if (!redirects.every(isRedirect))
    throw new errors.InvalidClientMetadata(
      'redirect_uris must be https, http on a loopback address, or a scheme with a dot',
    )
  if (afterLogout.length > MOST_REDIRECTS)
    throw new errors.InvalidClientMetadata(`post_logout_redirect_uris must not be more than ${MOST_REDIRECTS}`)
  if ([...name].length > LONGEST_NAME || /[\p{Cc}\p{Cf}]/u.test(name))
    throw new errors.InvalidClientMetadata(
      `client_name must have at most ${LONGEST_NAME} characters, none of which controls or formats text`,
    )
}
