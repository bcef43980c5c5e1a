import type { ServerResponse } from 'node:http'
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
import type { NextFunction } from 'express'
import { send } from './send.ts'

/** Middleware that carries its policy. It asks nothing of the request's types, so those of the route stay as they are. */
export type Protector = ((request: RequestView, response: ServerResponse, next: NextFunction) => void) & CarriesPolicy

/** Middleware that lets a request pass only as the policy says. Works on a route, a router or the whole app. */
export function protect(policy: AnyPolicy, options?: ProtectOptions): Protector {
  const throws = checkProtect(policy, options)
  const handler = (request: RequestView, response: ServerResponse, next: NextFunction): void => {
    const act = (verdict: Verdict) => {
      if (verdict === undefined) return next()
      if (verdict.status !== undefined && !throws) return send(response, verdict)
      for (const [name, value] of Object.entries(headersBesideBody(verdict))) response.setHeader(name, value)
      next(verdict.status === undefined ? undefined : new Refused(verdict))
    }
    const verdict = policy.check(request)
    if (verdict instanceof Promise) verdict.then(act).catch(next)
    else act(verdict)
  }
  return Object.assign(handler, { [POLICY]: policy })
}
