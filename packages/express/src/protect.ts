import type { ServerResponse } from 'node:http'
import { checkGiven, type RequestView } from '@countersign/http'
import {
  type AnyPolicy,
  type CarriesPolicy,
  checkProtect,
  POLICY,
  type ProtectOptions,
  type Verdict,
} from '@countersign/policy'
import type { NextFunction } from 'express'
import { conclude } from './send.ts'

/** Middleware that carries its policy. It asks nothing of the request's types, so those of the route stay as they are. */
export type Protector = ((request: RequestView, response: ServerResponse, next: NextFunction) => void) & CarriesPolicy

/**
 * Middleware that lets a request pass only as the policy says. Works on a route, a router or the whole app. What may not pass gets
 * the refusal that the policy made, or your error handler does with `refusals: 'throw'`. Throws a TypeError for what is no policy
 * and for a wrong option where it is made, and at each request (500) where it stands in Fastify.
 */
export function protect(policy: AnyPolicy, options?: ProtectOptions): Protector {
  const throws = checkProtect(policy, options)
  const handler = (request: RequestView, response: ServerResponse, next: NextFunction): void => {
    checkGiven('express', 'protect', request, next)
    const act = (verdict: Verdict) => conclude(verdict, response, next, throws)
    const verdict = policy.check(request)
    if (verdict instanceof Promise) verdict.then(act).catch(next)
    else act(verdict)
  }
  return Object.assign(handler, { [POLICY]: policy })
}
