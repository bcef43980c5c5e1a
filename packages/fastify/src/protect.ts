import { Refused } from '@countersign/http'
import { type AnyPolicy, type Guarded, policyOf, type Verdict } from '@countersign/policy'
import type { onRequestHookHandler } from 'fastify'
import { send } from './send.ts'

export interface ProtectOptions {
  /** `send` (default) answers a refusal at once; `throw` hands a `Refused` to your error handler, for a house format. */
  readonly refusals?: 'send' | 'throw'
}

/** An `onRequest` hook that lets a request pass only as the policy says, before its body is read. */
export function protect(policy: AnyPolicy, { refusals = 'send' }: ProtectOptions = {}): onRequestHookHandler & Guarded {
  const hook: onRequestHookHandler = (request, reply, done) => {
    const act = (verdict: Verdict) => {
      if (verdict?.status === undefined) {
        if (verdict) reply.headers(verdict.headers)
        return done()
      }
      return refusals === 'throw' ? done(new Refused(verdict)) : void send(reply, verdict)
    }
    const verdict = policy.check(request)
    if (verdict instanceof Promise) verdict.then(act).catch(done)
    else act(verdict)
  }
  return Object.assign(hook, { [policyOf]: policy })
}
