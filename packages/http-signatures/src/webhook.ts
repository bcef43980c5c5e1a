import { createHmac, createSecretKey, type KeyObject, randomUUID, timingSafeEqual } from 'node:crypto'
import {
  type AuthError,
  authError,
  BODY_LIMIT,
  checkOptions,
  headerLines,
  isAuthError,
  type Maybe,
  messageOf,
  type Principal,
} from '@countersign/http'
import { errorParams, type Presented, type Scheme, type SchemeOptions } from '@countersign/policy'
import { hasBody, unreadBody } from './guard-body.ts'
import { andThen } from './maybe.ts'
import { clockOf, schemeParts, secondsOf } from './options.ts'
import { readAndPutBack } from './put-back-body.ts'
import { checkReplay, isNew, type ReplayStore } from './replay.ts'

export interface WebhookOptions<U> extends SchemeOptions<Principal, U> {
  /** Who sends them: the principal's subject. */
  readonly subject: string
  /** `whsec_…`, or bytes. Any of them will do, so that one can take another's place. */
  readonly secrets: readonly (string | Uint8Array)[]
  /** The store that remembers what came until it is too old, or `false`: a waiver. */
  readonly replay: ReplayStore | false
  /** Bytes that a body may have: 102,400. It is held whole before anything else sees it. */
  readonly limit?: number
  /** Seconds that a message is good for: 300. */
  readonly maxAge?: number
  /** Seconds that clocks may differ: 30. */
  readonly leeway?: number
  /** Epoch milliseconds. */
  readonly clock?: () => number
}

export interface SignWebhookOptions {
  /** As many as you want it signed with: two while one takes another's place. */
  readonly secrets: readonly (string | Uint8Array)[]
  /** The message's own, the same at each attempt: `msg_…` unless told otherwise. */
  readonly id?: string
  /** Epoch milliseconds. */
  readonly clock?: () => number
}

interface Sent extends Presented {
  readonly id: string
  readonly timestamp: string
  readonly signatures: readonly Buffer[]
}

const OPTIONS = ['subject', 'secrets', 'replay', 'limit', 'maxAge', 'leeway', 'clock', 'realm', 'name', 'principal']
const HEADERS = ['webhook-id', 'webhook-timestamp', 'webhook-signature'] as const
const MAKER = 'webhook()'
/** No dot: the parts are joined by dots, and one message must not read as another. */
const ID = /^[\x21-\x2d\x2f-\x7e]{1,256}$/
const SIGNATURES = 16

const MALFORMED = authError('invalid_request', 'webhook.malformed', { detail: 'The webhook headers are malformed.' })
const WRONG = authError('invalid_token', 'webhook.wrong')
const REPLAYED = authError('invalid_token', 'webhook.replayed')

/**
 * Accepts signed webhooks (Standard Webhooks, `v1`: HMAC-SHA256). The signature is over the body, so nothing is proven before all of it came:
 * it is read here, at most `limit` bytes, judged, and put back for your parser. A wrong one is 401 `invalid_token`, a malformed one 400, a longer
 * one 413. The principal's `credential.id` is the message's, the same when it is sent again: do its work once.
 */
export function webhook<U = Principal>(options: WebhookOptions<U>): Scheme<'webhook', U> {
  checkOptions(MAKER, options, OPTIONS)
  const { subject, replay, limit = BODY_LIMIT } = options ?? {}
  if (typeof subject !== 'string' || subject === '') throw new TypeError(`${MAKER}: subject must say who sends them`)
  const keys = keysOf(MAKER, options.secrets)
  checkReplay(MAKER, replay)
  if (!Number.isSafeInteger(limit) || limit < 1) throw new TypeError(`${MAKER}: limit must be bytes, 1 or more`)
  const { realm, load } = schemeParts(MAKER, options)
  const maxAge = secondsOf(MAKER, 'maxAge', options.maxAge ?? 300, 1, 86_400)
  const leeway = secondsOf(MAKER, 'leeway', options.leeway ?? 30, 0, 300)
  const clock = clockOf(MAKER, options.clock)
  /** Whom a request proved: behind a second `protect` it is not judged again. */
  const proven = new WeakMap<object, Principal>()

  function judge({ id, timestamp, signatures }: Sent, body: Uint8Array): Maybe<Principal | AuthError> {
    const own = keys.map((key) => signatureOf(key, id, timestamp, body))
    // All are compared with all, whichever it is.
    const fitting = signatures.filter((one) => own.filter((other) => timingSafeEqual(one, other)).length > 0)
    if (fitting.length === 0) return WRONG
    const passed = Object.freeze({ subject, credential: Object.freeze({ id }) })
    if (replay === false) return passed
    const until = Number(timestamp) + maxAge + leeway
    return andThen(isNew(replay, 'webhook', [subject, id, timestamp], until), (isFirst) =>
      isFirst ? passed : REPLAYED,
    )
  }

  const scheme: Scheme = {
    kind: 'scheme',
    of: [],
    name: options.name ?? 'webhook',
    sources: ['header:webhook-signature'],
    openapi: { type: 'apiKey', in: 'header', name: 'webhook-signature', description: 'Standard Webhooks' },
    read(request): Sent | AuthError | undefined {
      const lines = HEADERS.map((name) => headerLines(messageOf(request), name))
      if (lines.every(({ length }) => length === 0)) return undefined
      const [id, timestamp, list] = lines.map((one) => (one.length === 1 ? one[0] : undefined))
      if (id === undefined || timestamp === undefined || list === undefined) return MALFORMED
      if (!ID.test(id) || !/^[1-9][0-9]{0,11}$/.test(timestamp)) return MALFORMED
      const given = list.split(' ')
      if (given.length > SIGNATURES) return MALFORMED
      const signatures = given.flatMap((one) =>
        /^v1,[A-Za-z0-9+/]{43}=$/.test(one) ? [Buffer.from(one.slice(3), 'base64')] : [],
      )
      return { from: 'header', id, timestamp, signatures }
    },
    verify(presented, request) {
      const sent = presented as Sent
      const age = Math.floor(clock() / 1000) - Number(sent.timestamp)
      if (age > maxAge + leeway || age < -leeway)
        return authError('invalid_token', 'webhook.timestamp', {
          expected: `sent at most ${maxAge} s ago`,
          got: `${age} s ago`,
        })
      if (sent.signatures.length === 0) return WRONG
      const message = messageOf(request)
      const known = proven.get(message)
      if (known) return known
      const remember = (judged: Principal | AuthError) => {
        if (!isAuthError(judged)) proven.set(message, judged)
        return judged
      }
      const body = unreadBody(MAKER, message)
      if (!body || !hasBody(message)) return andThen(judge(sent, Buffer.alloc(0)), remember)
      if (body.readableEncoding !== null) throw new Error(`${MAKER} needs bytes: setEncoding() was called before it`)
      return andThen(readAndPutBack(body, limit), (bytes) =>
        isAuthError(bytes) ? bytes : andThen(judge(sent, bytes), remember),
      )
    },
    ...load,
    challenge: (error) => ({ scheme: 'Webhook', params: { realm, ...errorParams(error) } }),
  }
  return Object.freeze(scheme) as Scheme<'webhook', U>
}

/** The three headers of a webhook with this body, signed now (Standard Webhooks, `v1`). Sign again for each attempt, with the same `id`. */
export function signWebhook(
  body: string | Uint8Array,
  options: SignWebhookOptions,
): { readonly [N in (typeof HEADERS)[number]]: string } {
  checkOptions('signWebhook()', options, ['secrets', 'id', 'clock'])
  const keys = keysOf('signWebhook()', options?.secrets)
  const id = options.id ?? `msg_${randomUUID()}`
  if (!ID.test(id)) throw new TypeError('signWebhook(): id must be 1 to 256 visible ASCII characters without a dot')
  const timestamp = `${Math.floor(clockOf('signWebhook()', options.clock)() / 1000)}`
  const signatures = keys.map((key) => `v1,${signatureOf(key, id, timestamp, body).toString('base64')}`)
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') }
}

function signatureOf(key: KeyObject, id: string, timestamp: string, body: string | Uint8Array): Buffer {
  return createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest()
}

function keysOf(maker: string, secrets: unknown): readonly KeyObject[] {
  if (!Array.isArray(secrets) || secrets.length === 0 || secrets.length > 8)
    throw new TypeError(`${maker}: secrets must be a list of 1 to 8`)
  return secrets.map((secret: unknown) => {
    const bytes = typeof secret === 'string' ? bytesOf(secret) : secret
    if (bytes instanceof Uint8Array && bytes.length >= 24 && bytes.length <= 64) return createSecretKey(bytes)
    throw new TypeError(`${maker}: a secret must be 24 to 64 bytes, as "whsec_" and base64, or as bytes`)
  })
}

function bytesOf(secret: string): Buffer | undefined {
  const base64 = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret)?.[1]
  return base64 === undefined ? undefined : Buffer.from(base64, 'base64')
}
