import { checkOptions } from '@countersign/http'
import { selectIssuer } from './issuer-selection.ts'
import { audienceOption, numberOption, wrong } from './options.ts'
import {
  keysAt,
  REMOTE_OPTIONS,
  type RemoteOptions,
  type RemoteVerifier,
  remoteTerms,
  remoteVerifier,
} from './remote-course.ts'
import { ISSUER_HINT } from './remote-issuer.ts'
import { verifiedTokens } from './verifier.ts'

/** What there is to know of an allowed issuer, beside that it is one. */
export interface IssuerPlace {
  /** In place of the `audience` option. */
  readonly audience?: string | readonly string[]
  /** In place of what its discovery document says. */
  readonly jwksUri?: string
}

/**
 * Says whether an issuer is allowed: `true`, or what there is to know of it. `iss` is whatever a stranger wrote: look it up. It is
 * asked only for an https URL in its normal form without query and fragment, and for this host only with `allowPrivate`.
 */
export type AllowIssuer = (
  iss: string,
) => boolean | IssuerPlace | undefined | PromiseLike<boolean | IssuerPlace | undefined>

export interface RemoteIssuersOptions extends RemoteOptions {
  /** `aud` that a token must carry: what this API is called at every issuer that does not say otherwise. */
  readonly audience: string | readonly string[]
  /** How many allowed issuers are remembered, with their keys: 1000. The one whose tokens came least recently goes. */
  readonly issuers?: number
  /** Seconds after which the function is asked again about an issuer that it allowed: 300. */
  readonly recheck?: number
}

const MAKER = 'remoteIssuers'
const OPTIONS = ['audience', 'issuers', 'recheck', ...REMOTE_OPTIONS]
const LONGEST = 512

/**
 * Judges tokens of several issuers elsewhere: a list of URLs, or a function that says which are allowed. Each has keys of its own,
 * as `remoteIssuer` has, and a key of one never serves for another. The `iss` of a token only selects from what is allowed;
 * for any other nothing is fetched, nothing is remembered, and the token is "not mine". Tokens that were verified share one
 * cache. `ready` resolves when one issuer of the list has keys. Throws a TypeError for wrong options.
 */
export function remoteIssuers(allow: readonly string[] | AllowIssuer, options: RemoteIssuersOptions): RemoteVerifier {
  checkOptions(MAKER, options, OPTIONS)
  const terms = remoteTerms(MAKER, options ?? {})
  const audience = audienceOption(MAKER, options?.audience)
  const list = typeof allow === 'function' ? undefined : listed(allow)
  for (const url of list ?? []) terms.fetching.url('issuers', url, `a list of issuers, each ${ISSUER_HINT}`)
  const recheck = numberOption(MAKER, 'recheck', options.recheck, 300, [1, 86_400])
  const most = numberOption(MAKER, 'issuers', options.issuers, 1000, [1, 100_000])
  const cache = terms.cache > 0 ? verifiedTokens(terms.cache, terms.leeway) : undefined

  const selection = selectIssuer<IssuerPlace>({
    allowed(iss) {
      if (list) return list.includes(iss) ? {} : undefined
      // What can be no issuer is not asked for.
      if (iss.length > LONGEST || !terms.fetching.acceptsStrange(iss)) return undefined
      const told = (allow as AllowIssuer)(iss)
      return isPromise(told) ? Promise.resolve(told).then(placeOf) : placeOf(told)
    },
    verifierOf(iss, place) {
      const { jwksUri } = place
      if (jwksUri !== undefined) terms.fetching.url('jwksUri', jwksUri, 'a URL with https')
      const own = place.audience === undefined ? audience : audienceOption(MAKER, place.audience)
      return remoteVerifier(terms, { issuer: iss, audience: own, keys: keysAt(terms, iss, jwksUri), cache })
    },
    issuers: list ? Math.max(list.length, 1) : most,
    recheck: list ? Number.POSITIVE_INFINITY : recheck * 1000,
    remembered: cache,
  })

  return Object.freeze({
    ...(list && { issuers: list }),
    verify: selection.verify,
    ready: () => selection.ready((list ?? []).map((iss) => [iss, {}] as const)),
  })
}

function listed(allow: unknown): readonly string[] {
  if (!Array.isArray(allow) || allow.length === 0 || !allow.every((one) => typeof one === 'string'))
    throw wrong(MAKER, 'issuers', 'a list of issuers, or a function (iss) => boolean')
  const twice = allow.find((one, at) => allow.indexOf(one) !== at)
  if (twice !== undefined) throw wrong(MAKER, 'issuers', `different ones: ${twice} is there twice`)
  return Object.freeze([...allow])
}

/** Only `true` and an object allow: an answer by mistake, such as 1 or a string, does not. */
function placeOf(told: unknown): IssuerPlace | undefined {
  if (told === true) return {}
  if (typeof told !== 'object' || told === null) return undefined
  checkOptions(`${MAKER}: what the function says of an issuer`, told, ['audience', 'jwksUri'])
  return told
}

function isPromise<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof (value as { then?: unknown } | undefined)?.then === 'function'
}
