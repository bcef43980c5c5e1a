// Requests as a policy reads them, without a socket.
import type { Policy } from '@countersign/policy'

export type Request = ReturnType<typeof request>

export function request(token: string, scheme = 'Bearer', more: readonly string[] = []) {
  return {
    method: 'GET',
    url: '/posts',
    headers: {},
    rawHeaders: ['Host', 'api.example', 'Authorization', `${scheme} ${token}`, ...more],
    socket: {},
  }
}

/** Checks each of them; a refusal ends the run. Waits only where there is something to wait for. */
export function checkAll(caller: Pick<Policy, 'check'>, requests: readonly Request[]): Promise<unknown> | undefined {
  for (let at = 0; at < requests.length; at++) {
    const refused = caller.check(requests[at] as Request)
    if (refused instanceof Promise) return rest(caller, requests, at + 1, refused)
    if (refused) throw new Error('a good request was refused')
  }
  return undefined
}

async function rest(
  caller: Pick<Policy, 'check'>,
  requests: readonly Request[],
  from: number,
  first: Promise<unknown>,
) {
  if (await first) throw new Error('a good request was refused')
  for (let at = from; at < requests.length; at++)
    if (await caller.check(requests[at] as Request)) throw new Error('a good request was refused')
}
