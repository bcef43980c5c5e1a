import { BlockList, isIP } from 'node:net'
import { headerLines, type Message, messageOf, type RequestView } from './request.ts'

/** Peers that a proxy of one's own calls from: this machine, private networks, and what clouds use as such (RFC 1918, 4193, 6598). */
const NEAR = new BlockList()
for (const [network, prefix] of [
  ['127.0.0.0', 8],
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['169.254.0.0', 16],
  ['100.64.0.0', 10],
] as const)
  NEAR.addSubnet(network, prefix, 'ipv4')
NEAR.addAddress('::1', 'ipv6')
NEAR.addSubnet('fc00::', 7, 'ipv6')
NEAR.addSubnet('fe80::', 10, 'ipv6')

const HTTPS = /(^|,)\s*https\s*(,|$)/i
const FORWARDED_HTTPS = /(^|[;,])\s*proto="?https"?\s*([;,]|$)/i

let isWarned = false

/**
 * The name of the header by which a proxy spoke and was not heard, because nobody told the framework to trust it; else `undefined`.
 * Ask for `https` where the request is held to be plain HTTP: `X-Forwarded-Proto` or `Forwarded` says https. Ask for `address`
 * where addresses are counted: `X-Forwarded-For` or `Forwarded` came, while the address is that of a peer on this machine or a
 * private network. A stranger can send these headers too: be more careful by them, and never let anybody pass. The first one of
 * a process is told as a warning, `COUNTERSIGN_PROXY`: the header's name, the peer, what to set; never what the header said.
 */
export function proxyHint(request: RequestView, about: 'https' | 'address'): string | undefined {
  const message = messageOf(request)
  const header = about === 'https' ? saidHttps(message) : saidAddress(request, message)
  if (header !== undefined && !isWarned) {
    isWarned = true
    process.emitWarning(warning(header, peerOf(message)), { code: 'COUNTERSIGN_PROXY' })
  }
  return header
}

function saidHttps(message: Message): string | undefined {
  if (headerLines(message, 'x-forwarded-proto').some((line) => HTTPS.test(line))) return 'X-Forwarded-Proto'
  return headerLines(message, 'forwarded').some((line) => FORWARDED_HTTPS.test(line)) ? 'Forwarded' : undefined
}

function saidAddress(request: RequestView, message: Message): string | undefined {
  const lines = headerLines(message, 'x-forwarded-for')
  const isForwarded = headerLines(message, 'forwarded').length > 0
  if (lines.length === 0 && !isForwarded) return undefined
  const peer = peerOf(message)
  if (peer === undefined || !isNear(peer) || bare(request.ip ?? peer) !== peer) return undefined
  // Heard, and the client is on the same machine as its proxy.
  if (lines.some((line) => line.split(',').some((one) => bare(one.trim()) === peer))) return undefined
  return lines.length > 0 ? 'X-Forwarded-For' : 'Forwarded'
}

function warning(header: string, peer: string | undefined): string {
  const from = peer ?? 'a peer without an address'
  const trust =
    peer === undefined
      ? "which peers are proxies: app.set('trust proxy', …) on Express, Fastify({ trustProxy: … })"
      : `so: app.set('trust proxy', '${peer}') on Express, Fastify({ trustProxy: '${peer}' })`
  const instead =
    header === 'Forwarded' ? ' Neither reads Forwarded: have the proxy send X-Forwarded-Proto and X-Forwarded-For.' : ''
  return (
    `A request from ${from} had the header ${header}, which was not believed. If that peer is your proxy, say ${trust}; ` +
    `node:http believes none. Until then all requests through it count as one address and as plain HTTP.${instead}`
  )
}

/** The other end of the socket; `undefined` for what is no address. */
function peerOf({ socket }: Message): string | undefined {
  const { remoteAddress } = socket as { readonly remoteAddress?: unknown }
  if (typeof remoteAddress !== 'string') return undefined
  const peer = bare(remoteAddress)
  return isIP(peer) === 0 ? undefined : peer
}

/** Without a zone, and IPv4 as IPv4. */
function bare(address: string): string {
  const [plain] = address.split('%') as [string]
  return plain.replace(/^::ffff:(?=\d+\.)/i, '')
}

function isNear(peer: string): boolean {
  return NEAR.check(peer, isIP(peer) === 4 ? 'ipv4' : 'ipv6')
}
