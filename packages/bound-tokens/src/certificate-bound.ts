import { hash, timingSafeEqual, X509Certificate } from 'node:crypto'
import { BlockList, isIP } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { BearerCredential } from '@countersign/credentials'
import {
  type AuthError,
  authError,
  checkOptions,
  headerLines,
  isAuthError,
  type Maybe,
  messageOf,
  type RequestView,
} from '@countersign/http'
import { type BoundVerifier, checkVerifier, confirmationOf, MORE, type VerifiedBy } from './verifier.ts'

export interface CertificateBoundOptions {
  /**
   * Where TLS ends at a proxy: the header in which it hands on the client's certificate, how that is written there, and the
   * addresses that it calls from. From any other address the header is nobody's word. Left out: the TLS socket's own.
   */
  readonly proxy?: {
    readonly header: string
    /** `rfc9440`: `Client-Cert: :base64 of the DER:`. `pem`: URL-encoded PEM, as nginx's `$ssl_client_escaped_cert`. */
    readonly format: 'rfc9440' | 'pem'
    /** Addresses or networks: `127.0.0.1`, `10.0.0.0/8`, `::1`. */
    readonly addresses: readonly string[]
  }
}

const NONE = authError('invalid_token', 'certificate.absent', {
  expected: 'the client certificate that the token is bound to',
})
const OTHER = authError('invalid_token', 'certificate.other', {
  expected: 'the certificate that the token is bound to',
  got: 'another',
})
const MALFORMED = authError('invalid_request', 'certificate.malformed', {
  detail: 'The client certificate that was handed on cannot be read.',
})

/**
 * Accepts tokens that are bound to a client certificate (RFC 8705): give the result to `bearer`. A token without
 * `cnf.x5t#S256` is "not mine", so that a list may hold the plain verifier behind it; one that is shown with another
 * certificate, or none, is 401 `invalid_token`. Throws a TypeError for wrong options.
 */
export function certificateBound<V extends BoundVerifier>(
  verifier: V,
  options: CertificateBoundOptions = {},
): (credential: BearerCredential, request: RequestView) => Maybe<VerifiedBy<V> | AuthError | undefined> {
  checkVerifier('certificateBound()', verifier)
  const certificateOf = sourceOf(options)
  return (credential, request) => {
    const judged = verifier.verify(credential.token, { bound: true }) as Maybe<VerifiedBy<V> | AuthError | undefined>
    return judged instanceof Promise ? judged.then((one) => match(one, request)) : match(judged, request)
  }

  function match(judged: VerifiedBy<V> | AuthError | undefined, request: RequestView) {
    if (judged === undefined || isAuthError(judged)) return judged
    const cnf = confirmationOf(judged)
    const bound = cnf?.['x5t#S256']
    if (typeof bound !== 'string') return undefined
    if (Object.keys(cnf as object).length > 1) return MORE
    const certificate = certificateOf(request)
    if (certificate === undefined) return NONE
    if (isAuthError(certificate)) return certificate
    const [a, b] = [Buffer.from(bound), Buffer.from(hash('sha256', certificate, 'base64url'))]
    return a.length === b.length && timingSafeEqual(a, b) ? judged : OTHER
  }
}

type Source = (request: RequestView) => Uint8Array | AuthError | undefined

function sourceOf(options: CertificateBoundOptions): Source {
  checkOptions('certificateBound()', options, ['proxy'])
  if (options.proxy === undefined) return ofSocket
  checkOptions('certificateBound(): proxy', options.proxy, ['header', 'format', 'addresses'])
  const { header, format, addresses } = options.proxy
  if (typeof header !== 'string' || !/^[A-Za-z0-9-]+$/.test(header))
    throw new TypeError("certificateBound(): proxy.header must be a header's name, such as 'Client-Cert'")
  if (format !== 'rfc9440' && format !== 'pem')
    throw new TypeError("certificateBound(): proxy.format must be 'rfc9440' or 'pem'")
  const trusted = listOf(addresses)
  const name = header.toLowerCase()
  return (request) => {
    const message = messageOf(request)
    const { remoteAddress = '' } = message.socket as { readonly remoteAddress?: string }
    if (!isTrusted(trusted, remoteAddress)) return undefined
    const lines = headerLines(message, name)
    if (lines.length !== 1 || lines[0] === '') return undefined
    return derOf(lines[0] as string, format) ?? MALFORMED
  }
}

/** The certificate that the client proved to hold in the handshake. */
function ofSocket(request: RequestView): Uint8Array | undefined {
  const socket = messageOf(request).socket as Partial<TLSSocket>
  return socket.getPeerX509Certificate?.()?.raw
}

function derOf(text: string, format: 'rfc9440' | 'pem'): Uint8Array | undefined {
  try {
    if (format === 'pem') return new X509Certificate(decodeURIComponent(text)).raw
    const inner = /^:([A-Za-z0-9+/]+={0,2}):$/.exec(text)?.[1]
    return inner === undefined ? undefined : new X509Certificate(Buffer.from(inner, 'base64')).raw
  } catch {
    return undefined
  }
}

function listOf(addresses: readonly string[]): BlockList {
  const list = new BlockList()
  if (!Array.isArray(addresses) || addresses.length === 0)
    throw new TypeError(
      "certificateBound(): proxy.addresses must list where the proxy calls from, such as ['127.0.0.1']",
    )
  for (const one of addresses) {
    const [, address = '', bits] = /^([^/]+)(?:\/([1-9][0-9]{0,2}))?$/.exec(`${one}`) ?? []
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    try {
      if (bits === undefined) list.addAddress(address, family)
      else list.addSubnet(address, Number(bits), family)
    } catch {
      throw new TypeError(`certificateBound(): proxy.addresses: ${JSON.stringify(one)} is no address and no network`)
    }
  }
  return list
}

function isTrusted(list: BlockList, address: string): boolean {
  const family = isIP(address)
  return family !== 0 && list.check(address, family === 6 ? 'ipv6' : 'ipv4')
}
