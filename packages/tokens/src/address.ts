import { BlockList, isIP } from 'node:net'
import { isLoopback } from '@countersign/http'

/** Whether a connection to this address may be made. Anything that is no IP address: no. */
export type Reach = (address: string) => boolean

const LOOPBACK = blockList(['127.0.0.0/8', '::1/128'])
/** RFC 1918, RFC 6598 (carrier-grade NAT), RFC 4193: somebody's own network. */
const PRIVATE = blockList(['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', 'fc00::/7'])
/**
 * Never an issuer: this host without a name, link-local (cloud metadata), multicast, documentation, protocols, reserved: the IANA
 * registries of special-purpose addresses (RFC 6890). `2001::/23` holds Teredo, benchmarking, ORCHID and what is to come.
 */
const NOWHERE = blockList([
  ...['0.0.0.0/8', '169.254.0.0/16', '192.0.0.0/24', '192.0.2.0/24', '192.31.196.0/24', '192.52.193.0/24'],
  ...['192.88.99.0/24', '192.175.48.0/24', '198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24'],
  ...['224.0.0.0/4', '240.0.0.0/4', '2001::/23', '2001:db8::/32', '2620:4f:8000::/48', '3fff::/20'],
])
/** What IANA assigns to anybody (RFC 4291 section 2.4): the rest of IPv6 is nobody's, link-local, multicast or special. */
const GLOBAL = blockList(['2000::/3'])
/** IPv6 addresses that carry an IPv4 one, and where: mapped (RFC 4291), SIIT (RFC 2765), NAT64 (RFC 6052), 6to4 (RFC 3056). */
const CARRIERS: readonly [prefix: BlockList, firstByte: number][] = [
  [blockList(['::ffff:0:0/96']), 12],
  [blockList(['::ffff:0:0:0/96']), 12],
  [blockList(['64:ff9b::/96']), 12],
  [blockList(['2002::/16']), 2],
]

/**
 * What may be reached for the sake of `url`, which an operator wrote: public addresses; the loopback where `url` names it or
 * `allowPrivate` is true; private networks where `allowPrivate` is true. Link-local, multicast and unspecified ones never.
 */
export function reachFor(url: string, allowPrivate: boolean): Reach {
  const loopback = allowPrivate || isLoopback(url)
  return (address) => {
    const kind = kindOf(address)
    return kind === 'public' || (kind === 'loopback' && loopback) || (kind === 'private' && allowPrivate)
  }
}

/** False for a URL whose host is an address that may not be reached. A name says nothing yet: it is asked when connecting. */
export function mayName(url: string, reach: Reach): boolean {
  const host = hostOf(url)
  return isIP(host) === 0 || reach(host)
}

/** The host of a URL, an IPv6 address without its brackets. */
export function hostOf(url: string): string {
  return new URL(url).hostname.replace(/^\[(.*)\]$/, '$1')
}

function kindOf(address: string): 'public' | 'loopback' | 'private' | 'nowhere' {
  const bare = address.replace(/%.*$/, '') // a zone
  const version = isIP(bare)
  if (version === 0) return 'nowhere'
  if (version === 4) return kindIn(bare, 'ipv4')
  const bytes = bytesOf(bare)
  const carrier = CARRIERS.find(([prefix]) => prefix.check(bare, 'ipv6'))
  if (carrier) return kindIn([...bytes.subarray(carrier[1], carrier[1] + 4)].join('.'), 'ipv4')
  return kindIn(bare, 'ipv6')
}

function kindIn(address: string, family: 'ipv4' | 'ipv6'): ReturnType<typeof kindOf> {
  if (LOOPBACK.check(address, family)) return 'loopback'
  if (PRIVATE.check(address, family)) return 'private'
  if (family === 'ipv6' && !GLOBAL.check(address, family)) return 'nowhere'
  return NOWHERE.check(address, family) ? 'nowhere' : 'public'
}

/** The 16 bytes of an IPv6 address; the URL parser writes every spelling in one way. */
function bytesOf(address: string): Uint8Array {
  const plain = new URL(`http://[${address}]`).hostname.slice(1, -1)
  const [head = '', tail] = plain.split('::')
  const groups = (part: string) => (part === '' ? [] : part.split(':'))
  const left = groups(head)
  const right = groups(tail ?? '')
  const all = tail === undefined ? left : [...left, ...Array(8 - left.length - right.length).fill('0'), ...right]
  return Uint8Array.from(all.flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255]))
}

function blockList(subnets: readonly string[]): BlockList {
  const list = new BlockList()
  for (const subnet of subnets) {
    const [net = '', bits] = subnet.split('/')
    list.addSubnet(net, Number(bits), net.includes(':') ? 'ipv6' : 'ipv4')
  }
  return list
}
