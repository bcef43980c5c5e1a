import type { Mint, TestKeys } from './mint.ts'
import type { WireRequest, WireResponse } from './wire.ts'

/** What an answer must be. What is left out may be anything that the invariants of every answer allow. */
export interface Expectation {
  readonly status: number
  /** `code` of the problem details. */
  readonly code?: string
  /** The `WWW-Authenticate` lines: all of them, in order, to the letter. */
  readonly challenges?: readonly string[]
  /** Other headers, to the letter; `null` for one that must not be there. */
  readonly headers?: Readonly<Record<string, string | null>>
  /** 100 Continue must come first; left out: it must not. */
  readonly continued?: true
  /** The JSON body, whole. */
  readonly json?: unknown
  /** The application answers in a format of its own: our invariants are not asked of it. */
  readonly foreign?: true
  /** Anything more: throw to fail. */
  readonly also?: (response: WireResponse) => void
}

export interface Step {
  readonly send: WireRequest
  readonly expect: Expectation
}

/** What a case has at hand: a running host with the demo data, and the keys it was started with. */
export interface World {
  readonly port: number
  readonly pid: number
  readonly keys: TestKeys
  readonly demoKey: string
  readonly issuer: string
  readonly audience: string
  /** A token that is good but for what is asked otherwise. */
  mint(options?: Mint): string
  /** Sends a request that is not itself under test. */
  send(request: WireRequest): Promise<WireResponse>
  /** Logs a demo user in. */
  login(username: string, password: string): Promise<{ readonly access_token: string; readonly refresh_token: string }>
}

/** One case of the suite: data, with the text it comes from. */
export interface Case {
  /** The row of THREATS, or of SAMPLE-API, with what varies: `J02 none`. Unique. */
  readonly id: string
  readonly title: string
  /** The text that demands it: an RFC section, or a row of the contract. */
  readonly section: string
  /** What is sent, and what must come. A step may depend on what the steps before it got. */
  steps(world: World): AsyncIterable<Step, void, WireResponse> | Iterable<Step, void, WireResponse>
}

/** The JSON body of an answer. */
export const json = <T = Record<string, never>>(response: WireResponse): T => JSON.parse(response.body.toString())
export const bearer = (token: string): readonly [string, string] => ['Authorization', `Bearer ${token}`]
export const basic = (username: string, password: string): readonly [string, string] => [
  'Authorization',
  `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`,
]
export const JSON_TYPE = ['Content-Type', 'application/json'] as const

export const CHALLENGES = {
  bearer: 'Bearer realm="sample"',
  apiKey: 'ApiKey realm="sample", header="X-API-Key"',
  basic: 'Basic realm="sample", charset="UTF-8"',
} as const
export const ALL: readonly string[] = [CHALLENGES.bearer, CHALLENGES.apiKey, CHALLENGES.basic]

/** 401 `invalid_token`: every challenge, the bearer one carrying the error. "401T" in THREATS. */
export const INVALID_TOKEN: Expectation = {
  status: 401,
  code: 'invalid_token',
  challenges: [`${CHALLENGES.bearer}, error="invalid_token"`, CHALLENGES.apiKey, CHALLENGES.basic],
}
/** 400 `invalid_request` from the bearer scheme. "400R" in THREATS. */
export const INVALID_REQUEST: Expectation = {
  status: 400,
  code: 'invalid_request',
  challenges: [`${CHALLENGES.bearer}, error="invalid_request"`],
}

/** A case of a bad token: with the same token without its defect as a control, which gets 200. */
export function badToken(
  id: string,
  title: string,
  section: string,
  bad: (world: World) => string | readonly string[],
  options: { readonly control?: (world: World) => string; readonly expect?: Expectation } = {},
): Case {
  return {
    id,
    title,
    section,
    *steps(world) {
      const control = options.control ?? ((w: World) => w.mint())
      yield { send: { path: '/me', headers: [bearer(control(world))] }, expect: { status: 200 } }
      for (const token of [bad(world)].flat()) {
        yield { send: { path: '/me', headers: [bearer(token)] }, expect: options.expect ?? INVALID_TOKEN }
      }
    },
  }
}
