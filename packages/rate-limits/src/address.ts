import { isIPv4, isIPv6 } from 'node:net'
import { messageOf, proxyHint, type RequestView } from '@countersign/http'

/** A request without an address (a Unix socket, a socket that closed): these share one bucket. */
const NOWHERE = 'none'

/**
 * Whose request it is, in one spelling: IPv4, or the first bits of IPv6. What the framework found behind the proxies that it
 * was told to trust, else the peer of the socket. Never a header: anybody can send one.
 * A proxy that was forgotten makes one bucket of all its clients: the process warns once (`COUNTERSIGN_PROXY`).
 */
export function addressOf(request: RequestView, prefix: number): string {
  proxyHint(request, 'address')
  const { remoteAddress } = messageOf(request).socket as { readonly remoteAddress?: unknown }
  return spelling(request.ip, prefix) ?? spelling(remoteAddress, prefix) ?? NOWHERE
}

/** `undefined` for what is no address. */
export function spelling(text: unknown, prefix: number): string | undefined {
  if (typeof text !== 'string') return undefined
  if (isIPv4(text)) return text
  if (!isIPv6(text)) return undefined
  const groups = groupsOf(text)
  const [high, low] = [groups[6] as number, groups[7] as number]
  const isMapped = groups[5] === 0xffff && groups.slice(0, 5).every((group) => group === 0)
  if (isMapped) return [high >> 8, high & 255, low >> 8, low & 255].join('.')
  const kept = groups.map((group, at) => group & maskOf(prefix - at * 16))
  return `${kept.map((group) => group.toString(16)).join(':')}/${prefix}`
}

/** The first `bits` of sixteen. */
function maskOf(bits: number): number {
  return bits >= 16 ? 0xffff : bits <= 0 ? 0 : (0xffff << (16 - bits)) & 0xffff
}

/** The eight groups of what `isIPv6` said yes to; a zone (`%eth0`) names an interface of this machine, not a peer. */
function groupsOf(text: string): readonly number[] {
  const [bare] = text.split('%') as [string]
  const hex = bare.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_all, a, b, c, d) =>
    [Number(a) * 256 + Number(b), Number(c) * 256 + Number(d)].map((group) => group.toString(16)).join(':'),
  )
  const [head = '', tail] = hex.split('::')
  const [before, after] = [head, tail ?? ''].map((part) => part.split(':').filter((group) => group !== '')) as [
    string[],
    string[],
  ]
  const zeros = tail === undefined ? 0 : 8 - before.length - after.length
  return [...before, ...Array<string>(zeros).fill('0'), ...after].map((group) => Number.parseInt(group, 16))
}
