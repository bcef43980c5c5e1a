import { isSafeUrl } from '@countersign/http'
import type { Scheme } from '@countersign/policy'

/** The origin as a prefix of targets: `https://api.acme.com`, with a path where there is one. */
export function originOf(maker: string, origin: unknown): string {
  if (isSafeUrl(origin) && !/[?#]/.test(origin)) {
    const { origin: host, pathname } = new URL(origin)
    return host + pathname.replace(/\/+$/, '')
  }
  throw new TypeError(`${maker}: origin must be what your API is called from outside, such as 'https://api.acme.com'`)
}

export function secondsOf(maker: string, name: string, value: unknown, least: number, most: number): number {
  if (Number.isInteger(value) && Number(value) >= least && Number(value) <= most) return Number(value)
  throw new TypeError(`${maker}: ${name} must be whole seconds from ${least} to ${most}`)
}

export function clockOf(maker: string, clock: unknown): () => number {
  if (clock === undefined) return () => Date.now()
  if (typeof clock === 'function') return clock as () => number
  throw new TypeError(`${maker}: clock must be a function to epoch milliseconds`)
}

/** A text that goes into a structured string: a key id, a tag. */
export function textOf<T extends string | undefined>(maker: string, name: string, value: T): T {
  if (value === undefined || /^[\x20-\x7e]{1,256}$/.test(value)) return value
  throw new TypeError(`${maker}: ${name} must be 1 to 256 printable ASCII characters`)
}

export function labelOf<T extends string | undefined>(maker: string, label: T): T {
  if (label === undefined || /^[a-z*][a-z0-9_.*-]{0,63}$/.test(label)) return label
  throw new TypeError(`${maker}: label must be a key of a structured field, such as "sig" (RFC 9651)`)
}

const COMPONENT = /^(?:@(?:method|target-uri|authority|scheme|request-target|path|query)|[!#$%&'*+.^_`|~0-9a-z-]+)$/

/** Components of a request by their names, without parameters. */
export function componentsOf(maker: string, components: unknown): readonly string[] {
  const isOne = (name: unknown) => typeof name === 'string' && COMPONENT.test(name)
  if (Array.isArray(components) && components.every(isOne) && new Set(components).size === components.length)
    return Object.freeze([...components])
  throw new TypeError(
    `${maker}: components must be a list of header names in lower case and of @method, @target-uri, @authority, @scheme, @request-target, @path, @query`,
  )
}

/** What every scheme takes: the realm, and `load` for the application's own principal. */
export function schemeParts(
  maker: string,
  { realm = 'api', principal }: { readonly realm?: string; readonly principal?: unknown },
): { readonly realm: string; readonly load: Pick<Scheme, 'load'> } {
  if (typeof realm !== 'string' || !/^[\x20-\x7e]+$/.test(realm))
    throw new TypeError(`${maker}: realm must be printable ASCII`)
  if (principal === undefined) return { realm, load: {} }
  if (isLoad(principal)) return { realm, load: { load: principal } }
  throw new TypeError(`${maker}: principal must be a function (verified) => user`)
}

function isLoad(principal: unknown): principal is NonNullable<Scheme['load']> {
  return typeof principal === 'function'
}
