import {
  type AuthError,
  authError,
  checkOptions,
  isAuthError,
  type Maybe,
  type Message,
  messageOf,
  type Principal,
  type RequestView,
} from '@countersign/http'
import { errorParams, type Presented, type Scheme, type SchemeOptions } from '@countersign/policy'
import { coveredDigests } from './covered-digests.ts'
import { coveredRequest } from './covered-request.ts'
import { type BodyCheck, guardBody, hasBody, noBody, unreadBody } from './guard-body.ts'
import { andThen } from './maybe.ts'
import { clockOf, componentsOf, labelOf, originOf, schemeParts, secondsOf, textOf } from './options.ts'
import { checkReplay, isNew, type ReplayStore } from './replay.ts'
import { type Received, signaturesIn } from './signature-fields.ts'
import type { KeySource, VerificationKey } from './verification-key.ts'
import { type Course, checkKeys, chosen, isText, type Verified, verifySignature } from './verify-signature.ts'

/** A key that requests may be signed with, and who signs with it. Members of your own reach the principal. */
export interface SignatureKey extends VerificationKey {
  /** Who signs with it: a stable id. */
  readonly subject: string
  /** What it allows. */
  readonly scopes?: readonly string[]
  readonly roles?: readonly string[]
}

/** Who signed: what your key source says beside the key. `credential.id` is the `keyid`. */
export type Signer<K> = Omit<K, 'algorithm' | 'key' | 'credential'> & Principal

export interface HttpSignatureOptions<K extends SignatureKey, U> extends SchemeOptions<Signer<K>, U> {
  /** What your API is called from outside, with a path where it has one. `Host` counts for nothing. */
  readonly origin: string
  readonly keys: KeySource<K>
  /** The store that remembers used nonces until they are too old, or `false`: a waiver, and no nonce is asked for. */
  readonly replay: ReplayStore | false
  /** What a signature must cover at least: `@method` and `@target-uri`. With a body always `content-digest` too. */
  readonly components?: readonly string[]
  /** Judges the signature with this `tag` alone; others are somebody else's. */
  readonly tag?: string
  /** Judges the signature under this label alone. */
  readonly label?: string
  /** Seconds that a signature is good for: 300. */
  readonly maxAge?: number
  /** Seconds that clocks may differ: 30. */
  readonly leeway?: number
  /** Epoch milliseconds. */
  readonly clock?: () => number
}

interface Signed extends Presented {
  readonly received: Received
}

const OPTIONS = [
  'origin',
  'keys',
  'replay',
  'components',
  'tag',
  'label',
  'maxAge',
  'leeway',
  'clock',
  'realm',
  'name',
  'principal',
]
const REQUIRED: readonly string[] = ['@method', '@target-uri']
const TARGETS: readonly string[] = ['@target-uri', '@request-target', '@path']
const CONTENT_DIGEST = 'content-digest'
const DIGEST = `"${CONTENT_DIGEST}"`
const MAKER = 'httpSignature()'

const MALFORMED = authError('invalid_request', 'signature.malformed', { detail: 'The signature is malformed.' })
const NO_NONCE = authError('invalid_token', 'signature.nonce')
const REPLAYED = authError('invalid_token', 'signature.replayed')
const WRONG_BODY = authError('invalid_token', 'digest.wrong')

/**
 * Accepts requests that are signed (RFC 9421) with one of your keys, over at least `components`, now, once. A body must be covered by
 * `Content-Digest` (RFC 9530); each digest of it that is covered is recomputed as the body is read: whoever reads a wrong one gets a refusal in place of its end.
 * A wrong signature is 401 `invalid_token`, a malformed one 400 `invalid_request`.
 */
export function httpSignature<const K extends SignatureKey, U = Signer<K>>(
  options: HttpSignatureOptions<K, U>,
): Scheme<'httpSignature', U> {
  checkOptions(MAKER, options, OPTIONS)
  const { replay } = options ?? {}
  const origin = originOf(MAKER, options?.origin)
  checkKeys(MAKER, options.keys)
  checkReplay(MAKER, replay)
  const components = componentsOf(MAKER, options.components ?? REQUIRED)
  if (!components.includes('@method') || !TARGETS.some((one) => components.includes(one)))
    throw new TypeError(
      `${MAKER}: components must have @method and one of ${TARGETS.join(', ')}: else a signature fits other requests too`,
    )
  const { realm, load } = schemeParts(MAKER, options)
  const course: Course<K> = {
    maker: MAKER,
    keys: options.keys,
    tag: textOf(MAKER, 'tag', options.tag),
    label: labelOf(MAKER, options.label),
    maxAge: secondsOf(MAKER, 'maxAge', options.maxAge ?? 300, 1, 86_400),
    leeway: secondsOf(MAKER, 'leeway', options.leeway ?? 30, 0, 300),
    clock: clockOf(MAKER, options.clock),
  }
  const required = components.map((name) => `"${name}"`)
  /** Whom a request proved: behind a second `protect` its nonce is not used again. */
  const proven = new WeakMap<object, Principal>()

  function accepted(
    received: Received,
    request: RequestView,
    judged: Verified<K> | AuthError,
  ): Maybe<Principal | AuthError> {
    if (isAuthError(judged)) return judged
    const message = messageOf(request)
    const check = bodyCheck(received, message)
    if (isAuthError(check)) return check
    if (!hasBody(message) && !isEmptyRight(received, message)) return WRONG_BODY
    const pass = (isFirst: boolean): Principal | AuthError => {
      if (!isFirst) return REPLAYED
      const body = unreadBody(MAKER, message)
      if (body) guardBody(body, check, WRONG_BODY)
      judgedLabels.set(message, received.label)
      const principal = principalOf(judged)
      proven.set(message, principal)
      return principal
    }
    if (replay === false) return pass(true)
    const nonce = received.parameters.get('nonce')
    if (!isText(nonce)) return NO_NONCE
    return andThen(isNew(replay, 'signature', [judged.keyid, nonce], judged.until), pass)
  }

  const scheme: Scheme = {
    kind: 'scheme',
    of: [],
    name: options.name ?? 'httpSignature',
    sources: ['header:signature'],
    openapi: { type: 'apiKey', in: 'header', name: 'Signature', description: 'HTTP message signature (RFC 9421)' },
    read(request): Signed | AuthError | undefined {
      const all = signaturesIn(messageOf(request).rawHeaders)
      if (!all) return MALFORMED
      const received = chosen(all, course)
      return received === undefined || isAuthError(received) ? received : { from: 'header', received }
    },
    verify(presented, request) {
      const { received } = presented as Signed
      const known = proven.get(messageOf(request))
      if (known) return known
      const wanted = hasBody(messageOf(request)) ? [...new Set([...required, DIGEST])] : required
      const judged = verifySignature(received, coveredRequest(request, origin), wanted, course)
      return andThen(judged, (later) => accepted(received, request, later))
    },
    ...load,
    challenge: (error) => ({
      scheme: 'Signature',
      params: {
        realm,
        components: components.join(' '),
        // What a signature must cover too where there is a body.
        ...(!components.includes(CONTENT_DIGEST) && { 'body-components': CONTENT_DIGEST }),
        ...(course.tag !== undefined && { tag: course.tag }),
        ...errorParams(error),
      },
    }),
  }
  return Object.freeze(scheme) as Scheme<'httpSignature', U>
}

/** What the body must be: as its covered digests say, or else empty. */
function bodyCheck({ components }: Received, { rawHeaders }: Message): BodyCheck | AuthError {
  return coveredDigests(components, rawHeaders) ?? noBody()
}

/** A check is asked once: this one is thrown away. */
function isEmptyRight(received: Received, message: Message): boolean {
  const check = bodyCheck(received, message)
  return !isAuthError(check) && check.isRight()
}

function principalOf<K extends SignatureKey>({ entry, keyid }: Verified<K>): Principal {
  const { algorithm: _algorithm, key: _key, ...own }: SignatureKey = entry
  return Object.freeze({ ...own, credential: Object.freeze({ id: keyid }) })
}

const judgedLabels = new WeakMap<object, string>()

/** The label of the signature that let a request pass, for the answer to name. */
export function judgedLabel(message: object): string | undefined {
  return judgedLabels.get(message)
}
