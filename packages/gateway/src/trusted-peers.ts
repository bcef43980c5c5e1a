import { BlockList, isIP } from 'node:net'
import { messageOf, type RequestView } from '@countersign/http'

/** Whether a request comes from a configured peer, by the address of its socket: no header has a say. */
export type IsTrusted = (request: RequestView) => boolean

/** Addresses and ranges (`10.0.0.0/8`, `::1`). Throws a TypeError for what is neither. */
export function trustedPeers(maker: string, peers: unknown): IsTrusted {
  if (!Array.isArray(peers))
    throw new TypeError(
      `${maker}: trustedPeers must list the addresses of your gateways, such as ['127.0.0.1', '10.0.0.0/8']; [] for none`,
    )
  const list = new BlockList()
  for (const peer of peers) add(list, maker, peer)
  return (request) => {
    const { remoteAddress } = messageOf(request).socket as { readonly remoteAddress?: string }
    const family = isIP(remoteAddress ?? '')
    return family !== 0 && list.check(remoteAddress as string, family === 6 ? 'ipv6' : 'ipv4')
  }
}

function add(list: BlockList, maker: string, peer: unknown): void {
  const [address = '', bits, ...rest] = String(peer).split('/')
  const family = isIP(address)
  const most = family === 6 ? 128 : 32
  const isRange = bits !== undefined && /^(0|[1-9]\d{0,2})$/.test(bits) && Number(bits) <= most
  if (typeof peer !== 'string' || family === 0 || rest.length > 0 || (bits !== undefined && !isRange))
    throw new TypeError(
      `${maker}: trustedPeers has ${JSON.stringify(peer)}, which is neither an address nor a range such as 10.0.0.0/8`,
    )
  const type = family === 6 ? 'ipv6' : 'ipv4'
  if (bits === undefined) return void list.addAddress(address, type)
  // Every address there is would be no list of gateways.
  if (Number(bits) === 0 || holdsAllOfIPv4(address, Number(bits), type))
    throw new TypeError(`${maker}: trustedPeers has ${peer}, which is everybody`)
  list.addSubnet(address, Number(bits), type)
}

/** `::ffff:0:0/96` and wider: IPv4 as IPv6 writes it. A range that has both ends has all between. */
function holdsAllOfIPv4(address: string, bits: number, type: 'ipv4' | 'ipv6'): boolean {
  const range = new BlockList()
  range.addSubnet(address, bits, type)
  return range.check('0.0.0.0') && range.check('255.255.255.255')
}
