import { checkGiven, type RequestView } from '@countersign/http'
import {
  type AnyPolicy,
  type CarriesPolicy,
  checkProtect,
  POLICY,
  type ProtectOptions,
  type Verdict,
} from '@countersign/policy'
import { conclude, type Reply } from './send.ts'

/** An `onRequest` hook that carries its policy. It asks nothing of the app's type parameters, so it fits any app. */
export type Protector = ((request: RequestView, reply: Reply, done: (error?: Error) => void) => void) & CarriesPolicy

/**
 * An `onRequest` hook that lets a request pass only as the policy says, before its body is read. What may not pass gets the refusal
 * that the policy made, or your error handler does with `refusals: 'throw'`. Throws a TypeError for what is no policy and for a
 * wrong option where it is made, by `app.register`, and at each request (500) in a hook such as `onSend` and in Express.
 */
export function protect(policy: AnyPolicy, options?: ProtectOptions): Protector {
  const throws = checkProtect(policy, options)
  const hook = (request: RequestView, reply: Reply, done: (error?: Error) => void): void => {
    checkGiven('fastify', 'protect', request, done)
    const act = (verdict: Verdict) => conclude(verdict, reply, done, throws)
    const verdict = policy.check(request)
    if (verdict instanceof Promise) verdict.then(act).catch(done)
    else act(verdict)
  }
  return Object.assign(hook, { [POLICY]: policy })
}
