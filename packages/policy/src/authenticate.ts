import { type AuthError, authError, isAuthError, type Maybe, type Principal, type RequestView } from '@countersign/http'
import { open, stepOf, type Trace, traceError } from './explain.ts'
import { andThen, isThenable } from './maybe.ts'
import type { Decision, Presented, Requirement, Scheme } from './requirement.ts'
import { principalOf, userOf } from './scheme-options.ts'

/** What a request proved: who it is (with the scopes and roles in force), nothing, or something wrong. */
export type Proof =
  | { readonly kind: 'absent' }
  | { readonly kind: 'invalid'; readonly error: AuthError; readonly scheme: Scheme }
  | {
      readonly kind: 'authenticated'
      readonly scheme: Scheme
      readonly verified: Principal
      readonly principal: unknown
      /** Of an `allOf`: what the parts after the first proved. */
      readonly also?: readonly Decision[]
      readonly scopes: readonly string[] | undefined
      readonly roles: readonly string[] | undefined
    }

const ABSENT: Proof = Object.freeze({ kind: 'absent' })
const WRONG = authError('invalid_token', 'credential.wrong')
const UNKNOWN_USER = authError('invalid_token', 'principal.unknown')
const INCOMPLETE = authError('unauthenticated', 'credential.incomplete', {
  detail: 'This needs more than one credential; WWW-Authenticate lists them.',
})
const DRY = Object.freeze({ dry: true })
const VERIFIED = 'verified'
const KNOWN = 'known to the application'
const TWO = authError('invalid_request', 'credential.repeated', {
  detail: 'The request has more than one credential.',
  expected: 'one credential',
})

/** What was read off a request for a requirement, nothing verified yet. */
type Reading =
  | { readonly kind: 'absent' }
  | { readonly kind: 'partial'; readonly scheme: Scheme; readonly ambient: boolean } // of an allOf, some came and some did not
  | { readonly kind: 'malformed'; readonly scheme: Scheme; readonly error: AuthError; readonly ambient: boolean }
  | { readonly kind: 'present'; readonly scheme: Scheme; readonly ambient: boolean; readonly parts: readonly Part[] }
interface Part {
  readonly scheme: Scheme
  readonly credential: Presented
}
const NOTHING: Reading = Object.freeze({ kind: 'absent' })

/** Reads first, everything; verifies then, what alone is present. Throws `Unavailable`, or for a bug. */
export function authenticate(accept: Requirement, request: RequestView, trace: Trace | undefined): Maybe<Proof> {
  if (accept.kind === 'scheme') {
    const scheme = accept as Scheme
    const found = readScheme(scheme, request, trace)
    if (found === undefined) return ABSENT
    return isAuthError(found) ? invalid(scheme, found, 'well formed', trace) : proveOne(scheme, found, request, trace)
  }
  const reading = read(accept, request, trace)
  switch (reading.kind) {
    case 'absent':
      return ABSENT
    case 'partial':
      traceError(trace, 'all of the credentials', INCOMPLETE)
      return { kind: 'invalid', error: INCOMPLETE, scheme: reading.scheme }
    case 'malformed':
      return invalid(reading.scheme, reading.error, 'well formed', trace)
    case 'present':
      return prove(reading.parts, 0, undefined, request, trace)
  }
}

function read(requirement: Requirement, request: RequestView, trace: Trace | undefined): Reading {
  if (requirement.kind === 'scheme') {
    const scheme = requirement as Scheme
    const found = readScheme(scheme, request, trace)
    if (found === undefined) return NOTHING
    if (isAuthError(found))
      return { kind: 'malformed', scheme, error: found, ambient: found.reason.startsWith('cookie.') }
    return { kind: 'present', scheme, ambient: found.from === 'cookie', parts: [{ scheme, credential: found }] }
  }
  const readings = requirement.of.map((part) => read(part, request, trace))
  return requirement.kind === 'anyOf' ? readAny(readings) : readAll(readings)
}

function readScheme(scheme: Scheme, request: RequestView, trace: Trace | undefined): ReturnType<Scheme['read']> {
  const found = scheme.read(request)
  const step = open(trace, scheme.name)
  if (found !== undefined) step?.steps?.push({ what: 'present', held: true })
  return found
}

function readAny(readings: readonly Reading[]): Reading {
  let chosen: Reading = NOTHING
  for (const reading of readings) {
    if (reading.kind === 'absent') continue
    if (chosen.kind === 'absent' || (isAmbient(chosen) && !isAmbient(reading))) chosen = reading
    else if (!isAmbient(reading))
      return { kind: 'malformed', scheme: chosen.scheme, error: malformedFirst(chosen) ?? TWO, ambient: false }
  }
  return chosen
}

/** A doubled `Authorization` header is malformed for every scheme that reads it: say that rather than "two credentials". */
function malformedFirst(reading: Reading): AuthError | undefined {
  return reading.kind === 'malformed' ? reading.error : undefined
}

function isAmbient(reading: Reading): boolean {
  return reading.kind !== 'absent' && reading.ambient
}

function readAll(readings: readonly Reading[]): Reading {
  const malformed = readings.find((reading) => reading.kind === 'malformed')
  if (malformed) return malformed
  const present = readings.filter((reading) => reading.kind === 'present')
  const [first] = present
  if (first && present.length === readings.length) {
    return {
      kind: 'present',
      scheme: first.scheme,
      ambient: present.every(isAmbient),
      parts: present.flatMap(({ parts }) => parts),
    }
  }
  const begun = readings.filter((reading) => reading.kind !== 'absent')
  return begun[0] ? { kind: 'partial', scheme: begun[0].scheme, ambient: begun.every(isAmbient) } : NOTHING
}

type Proven = Proof & { kind: 'authenticated' }

/** Verifies the parts one after the other: the first is the caller, the rest stand in `also`. */
function prove(
  parts: readonly Part[],
  at: number,
  caller: Proven | undefined,
  request: RequestView,
  trace: Trace | undefined,
): Maybe<Proof> {
  const part = parts[at]
  if (!part) return caller as Proven
  return andThen(proveOne(part.scheme, part.credential, request, trace), (proof) =>
    proof.kind === 'authenticated' && parts.length > 1
      ? prove(parts, at + 1, caller ? join(caller, proof) : { ...proof, also: [] }, request, trace)
      : proof,
  )
}

/** Without `andThen`, whose closures are most of what a cached token costs here. */
function proveOne(scheme: Scheme, credential: Presented, request: RequestView, trace: Trace | undefined): Maybe<Proof> {
  const given = scheme.verify(credential, request, trace ? DRY : undefined)
  return isThenable(given)
    ? Promise.resolve(given).then((later) => proven(scheme, later, request, trace))
    : proven(scheme, given, request, trace)
}

function proven(scheme: Scheme, given: unknown, request: RequestView, trace: Trace | undefined): Maybe<Proof> {
  const verified = principalOf(given, scheme.name)
  if (verified === undefined || isAuthError(verified)) return invalid(scheme, verified ?? WRONG, VERIFIED, trace)
  hold(scheme, VERIFIED, trace)
  if (!scheme.load) return authenticated(scheme, verified, verified)
  return andThen(scheme.load(verified, request), (loaded) => {
    const user = userOf(loaded)
    if (user === undefined || isAuthError(user)) return invalid(scheme, user ?? UNKNOWN_USER, KNOWN, trace)
    hold(scheme, KNOWN, trace)
    return authenticated(scheme, verified, user)
  })
}

function invalid(scheme: Scheme, error: AuthError, what: string, trace: Trace | undefined): Proof {
  const step = stepOf(trace, scheme.name)
  if (step) step.held = false
  traceError(step?.steps, what, error)
  return { kind: 'invalid', error, scheme }
}

function hold(scheme: Scheme, what: string, trace: Trace | undefined): void {
  const step = stepOf(trace, scheme.name)
  if (step) step.held = true
  step?.steps?.push({ what, held: true })
}

function authenticated(scheme: Scheme, verified: Principal, principal: object): Proven {
  const own = principal as Partial<Principal>
  return {
    kind: 'authenticated',
    scheme,
    verified,
    principal,
    // The application may narrow what the credential allows, never widen it; roles are its own to give.
    scopes: narrowed(verified.scopes, listOf(own.scopes, 'scopes')),
    roles: listOf(own.roles, 'roles') ?? verified.roles,
  }
}

function listOf(value: unknown, name: string): readonly string[] | undefined {
  if (value === undefined || Array.isArray(value)) return value
  throw new TypeError(`a principal's "${name}" must be a list of strings`)
}

/** Both must hold a scope where both speak of scopes. */
function narrowed(one: readonly string[] | undefined, other: readonly string[] | undefined) {
  return one && other && one !== other ? one.filter((scope) => other.includes(scope)) : (one ?? other)
}

function join(caller: Proven, other: Proven): Proven {
  return {
    ...caller,
    also: [...(caller.also ?? []), { scheme: other.scheme.name, principal: other.principal as Principal }].map((one) =>
      Object.freeze(one),
    ),
    scopes: narrowed(caller.scopes, other.scopes),
  }
}
