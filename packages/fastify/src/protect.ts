import { Refused, type RequestView } from '@countersign/http'
import {
  type AnyPolicy,
  type CarriesPolicy,
  checkProtect,
  headersBesideBody,
  POLICY,
  type ProtectOptions,
  type Verdict,
} from '@countersign/policy'
import { type Reply, send } from './send.ts'

/** An `onRequest` hook that carries its policy. It asks nothing of the app's type parameters, so it fits any app. */
export type Protector = ((request: RequestView, reply: Reply, done: (error?: Error) => void) => void) & CarriesPolicy

/** An `onRequest` hook that lets a request pass only as the policy says, before its body is read. */
export function protect(policy: AnyPolicy, options?: ProtectOptions): Protector {
  const throws = checkProtect(policy, options)
  const hook = (request: RequestView, reply: Reply, done: (error?: Error) => void): void => {
    const act = (verdict: Verdict) => {
      if (verdict === undefined) return done()
      if (verdict.status !== undefined && !throws) return send(reply, verdict)
      reply.headers(headersBesideBody(verdict))
      done(verdict.status === undefined ? undefined : new Refused(verdict))
    }
    const verdict = policy.check(request)
    if (verdict instanceof Promise) verdict.then(act).catch(done)
    else act(verdict)
  }
  return Object.assign(hook, { [POLICY]: policy })
}
