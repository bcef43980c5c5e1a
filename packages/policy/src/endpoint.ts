import type { Answer, Maybe, RequestView } from '@countersign/http'
import type { AnyPolicy } from './policy.ts'

/** A route that a package brings along, as data: `mount` of an adapter puts it on a server. A `PublicEndpoint` is one. */
export interface Endpoint {
  /** `*`: every method. What it does not serve it refuses itself. */
  readonly method: 'GET' | 'POST' | '*'
  /** Literal, or everything below it: `/oauth/*`. */
  readonly path: string
  /** Who may call it. Left out: anyone. */
  readonly policy?: AnyPolicy
  /** Gets the request with its body unread, unless the application's own parser took it before: then it is in `body`. */
  handle(request: RequestView & { readonly body?: unknown }): Maybe<Answer>
}

/** Middleware that an adapter made carries its policy under this symbol, for inventories of either framework. */
export const POLICY: unique symbol = Symbol.for('countersign.policy') as never

export interface CarriesPolicy {
  readonly [POLICY]: AnyPolicy
}

/** The endpoint for a method and path, the first that fits; HEAD is answered as GET. */
export function findEndpoint(
  endpoints: readonly Endpoint[],
  method: string | undefined,
  path: string,
): Endpoint | undefined {
  const wanted = method === 'HEAD' ? 'GET' : method
  return endpoints.find((one) => (one.method === '*' || one.method === wanted) && isUnder(one.path, path))
}

function isUnder(pattern: string, path: string): boolean {
  return pattern.endsWith('/*') ? path.startsWith(pattern.slice(0, -1)) : path === pattern
}

/** Throws a TypeError for what are no endpoints, where they are mounted. */
export function checkEndpoints(maker: string, value: unknown): void {
  const isOne = ({ method, path, handle }: Partial<Endpoint>) =>
    typeof method === 'string' && typeof path === 'string' && typeof handle === 'function'
  if (Array.isArray(value) && value.every(isOne)) return
  const hint = typeof value === 'object' && value !== null && isOne(value) ? '; put the one in a list: [endpoint]' : ''
  throw new TypeError(`${maker} takes a list of endpoints, such as the \`endpoints\` of localIssuer()${hint}`)
}
