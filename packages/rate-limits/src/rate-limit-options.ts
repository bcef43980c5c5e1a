import { type Code, checkOptions, type Principal, type RequestView } from '@countersign/http'
import { addressOf } from './address.ts'
import { type CheckedStore, checkedStore, type WhenDown } from './checked-store.ts'
import { checkLimitName } from './limit-headers.ts'
import type { LimitStore } from './limit-store.ts'
import { memoryLimits } from './memory-limits.ts'
import { wholeOf, windowOf } from './options.ts'
import { type SecretSources, secretReader } from './presented-secret.ts'

/** Who is counted together. A function that gives `undefined` does not count that request. */
export type LimitBy =
  | 'address'
  | 'secret'
  | 'caller'
  | 'credential'
  | ((request: RequestView, caller: Principal | undefined) => string | undefined)

export interface RateLimitOptions {
  /** In the headers, in `explain`, and in the key of each bucket: other limits have other names. */
  readonly name: string
  /**
   * `address`: canonical, an IPv6 network as one. `secret`: what the request presents, right or wrong; it says nothing where
   * none came. `caller`: the subject. `credential`: the session, client or key of the subject. Where nobody called (`optional`,
   * `publicRoute`), the last two count the address.
   */
  readonly by: LimitBy
  /** Requests, or what they cost together: 1 to 1,000,000,000. */
  readonly limit: number
  /** Seconds, to 31 days. */
  readonly window: number
  /** What a request costs, a whole number from 0 to 1,000,000; 0 is not counted. 1. */
  readonly cost?: (request: RequestView, caller: Principal | undefined) => number
  /** Another limit for this caller; `undefined` for the usual one. Not with `address` and `secret`: nobody is known then. */
  readonly plans?: (caller: Principal) => { readonly limit: number } | undefined
  /** `memoryLimits()`: each process counts by itself. */
  readonly store?: LimitStore
  /** `memory`: what guards against floods must neither end the service nor stand open. */
  readonly whenDown?: WhenDown
  /** Bits of an IPv6 address that count, 32 to 128: 64, what one household has. */
  readonly ipv6Prefix?: number
  /** With `by: 'secret'`. */
  readonly secret?: SecretSources
}

/** The parts that make a bucket. */
type Bucket = readonly [kind: string, ...of: string[]]

interface Checked {
  readonly name: string
  readonly phase: 'before' | 'after'
  readonly refuses: readonly Code[]
  readonly window: number
  readonly store: CheckedStore
  readonly bucketsOf: (request: RequestView, caller: Principal | undefined) => readonly Bucket[]
  readonly limitOf: (caller: Principal | undefined) => number
  readonly costOf: (request: RequestView, caller: Principal | undefined) => number
}

const MAKER = 'rateLimit()'
const MOST = 1_000_000_000
const OPTIONS: readonly (keyof RateLimitOptions)[] = [
  'name',
  'by',
  'limit',
  'window',
  'cost',
  'plans',
  'store',
  'whenDown',
  'ipv6Prefix',
  'secret',
]

export function rateLimitOptions(options: RateLimitOptions): Checked {
  if (options === undefined) throw new TypeError(`${MAKER} needs options: { name, by, limit, window }`)
  checkOptions(MAKER, options, OPTIONS)
  const { by, cost, plans, store = memoryLimits(), secret } = options
  const name = checkLimitName(MAKER, options.name)
  const limit = wholeOf(MAKER, 'limit', options.limit, 1, MOST)
  const window = windowOf(MAKER, 'window', options.window)
  const prefix = prefixOf(MAKER, options.ipv6Prefix)
  const whenDown = whenDownOf(MAKER, options.whenDown ?? 'memory')
  checkStore(MAKER, store)
  const phase = by === 'address' || by === 'secret' ? 'before' : 'after'
  if (cost !== undefined && typeof cost !== 'function')
    throw new TypeError(`${MAKER}: cost must be a function (request, caller) => number; leave it out for 1`)
  if (plans !== undefined && (typeof plans !== 'function' || phase === 'before'))
    throw new TypeError(`${MAKER}: plans must be a function (caller) => { limit }, and needs a limit by caller`)
  checkSecret(secret, by, store)
  return {
    name,
    phase,
    window,
    refuses: Object.freeze<Code[]>([
      'too_many_requests',
      ...(whenDown === 'refuse' ? ['temporarily_unavailable' as const] : []),
    ]),
    store: checkedStore(name, store, whenDown),
    bucketsOf: bucketsBy(by, prefix, secret),
    limitOf: (caller) => {
      const plan = caller && plans?.(caller)
      return plan ? wholeOf(MAKER, 'the limit of a plan', plan.limit, 1, MOST) : limit
    },
    costOf: (request, caller) => (cost ? wholeOf(MAKER, 'what cost() gives', cost(request, caller), 0, 1_000_000) : 1),
  }
}

function bucketsBy(by: LimitBy, prefix: number, secret: SecretSources | undefined): Checked['bucketsOf'] {
  const address = (request: RequestView): Bucket => ['address', addressOf(request, prefix)]
  if (by === 'address') return (request) => [address(request)]
  if (by === 'caller') return (request, caller) => [caller ? ['caller', caller.subject] : address(request)]
  if (by === 'credential') return (request, caller) => [caller ? credentialOf(caller) : address(request)]
  if (by === 'secret') {
    const digestsOf = secretReader(secret ?? {})
    return (request) => digestsOf(request).map((digest) => ['secret', digest])
  }
  if (typeof by !== 'function')
    throw new TypeError(`${MAKER}: by must be 'address', 'secret', 'caller', 'credential' or a function to a string`)
  return (request, caller) => {
    const bucket: unknown = by(request, caller)
    if (bucket === undefined) return []
    if (typeof bucket === 'string') return [['own', bucket]]
    throw new TypeError(
      `${MAKER}: the function "by" of "${by.name}" must give a string, or undefined to not count; it gave a ${typeof bucket}`,
    )
  }
}

/** The session before the client, and both before the id: a token's id is new with each token. */
function credentialOf({ subject, credential }: Principal): Bucket {
  if (credential?.session !== undefined) return ['session', subject, credential.session]
  if (credential?.client !== undefined) return ['client', subject, credential.client]
  return credential?.id === undefined ? ['caller', subject] : ['id', subject, credential.id]
}

function checkSecret(secret: SecretSources | undefined, by: LimitBy, store: LimitStore): void {
  if (secret !== undefined && by !== 'secret')
    throw new TypeError(`${MAKER}: the option "secret" goes with by: 'secret' only; leave it out`)
  if (by !== 'secret') return
  checkOptions(`${MAKER}: secret`, secret, ['headers', 'cookie', 'key'])
  const { headers, cookie, key } = secret ?? {}
  const isName = (value: unknown) => typeof value === 'string' && /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/.test(value)
  if (headers !== undefined && !(Array.isArray(headers) && headers.length <= 8 && headers.every(isName)))
    throw new TypeError(`${MAKER}: secret.headers must be a list of at most 8 header names`)
  if (cookie !== undefined && !isName(cookie)) throw new TypeError(`${MAKER}: secret.cookie must be a cookie's name`)
  if (key !== undefined && !(typeof key === 'string' && key.length >= 32))
    throw new TypeError(`${MAKER}: secret.key must be text of 32 characters or more`)
  if (key === undefined && store.shared)
    throw new TypeError(
      `${MAKER}: secret.key is missing: without it each process counts for itself in the shared store`,
    )
}

export function prefixOf(maker: string, value: unknown): number {
  return wholeOf(maker, 'ipv6Prefix', value ?? 64, 32, 128)
}

export function whenDownOf(maker: string, value: unknown): WhenDown {
  if (value === 'refuse' || value === 'memory' || value === 'pass') return value
  throw new TypeError(`${maker}: whenDown must be 'refuse', 'memory' or 'pass'`)
}

export function checkStore(maker: string, store: unknown): asserts store is LimitStore {
  const { add, peek, delete: end } = (store ?? {}) as Partial<LimitStore>
  if ([add, peek, end].every((verb) => typeof verb === 'function')) return
  throw new TypeError(`${maker}: store must be memoryLimits(), redisLimits(…), postgresLimits(…) or sqliteLimits(…)`)
}
