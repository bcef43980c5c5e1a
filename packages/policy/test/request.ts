import type { Message, Principal } from '@countersign/http'
import type { AnyPolicy, TokenVerifier } from '@countersign/policy'

export type Line = readonly [name: string, value: string]

/** A message with these header lines, as node would have them: nothing joined, nothing dropped. */
export function request(...lines: readonly Line[]): Message {
  return { headers: {}, rawHeaders: lines.flat(), method: 'GET', url: '/posts?page=1', socket: {} }
}

export const bearerLine = (token: string): Line => ['Authorization', `Bearer ${token}`]
export const basicLine = (username: string, password: string): Line => [
  'Authorization',
  `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`,
]
export const keyLine = (key: string): Line => ['X-API-Key', key]
export const cookieLine = (token: string): Line => ['Cookie', `session=${token}`]

/** Takes exactly the tokens that are given, synchronously. */
export function tokens<P extends Principal>(known: Readonly<Record<string, P>>): TokenVerifier<P> {
  return { verify: (token) => (Object.hasOwn(known, token) ? known[token] : undefined) }
}

/** What `check` says: `'pass'`, or the status with the code. */
export async function verdictOf(policy: AnyPolicy, message: Message): Promise<string> {
  const verdict = await policy.check(message)
  return verdict?.status === undefined ? 'pass' : `${verdict.status} ${verdict.error.code} ${verdict.error.reason}`
}

export async function challengesOf(policy: AnyPolicy, message: Message): Promise<readonly string[]> {
  const verdict = await policy.check(message)
  const field = verdict?.headers['www-authenticate'] ?? []
  return typeof field === 'string' ? [field] : field
}
