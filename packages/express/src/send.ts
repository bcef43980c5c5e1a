import type { ServerResponse } from 'node:http'
import { type Answer, Refused } from '@countersign/http'
import { headersBesideBody, type Verdict } from '@countersign/policy'
import type { NextFunction } from 'express'

/** Bytes as they are: `res.set` would add a charset, `res.send` an ETag. */
export function send(response: ServerResponse, { status, headers, body }: Answer): void {
  response.writeHead(status, headers).end(body)
}

/** Lets pass what may, and sends or throws the refusal of what may not. */
export function conclude(verdict: Verdict, response: ServerResponse, next: NextFunction, throws: boolean): void {
  if (verdict === undefined) next()
  else if (verdict.status !== undefined && !throws) send(response, verdict)
  else {
    for (const [name, value] of Object.entries(headersBesideBody(verdict))) response.setHeader(name, value)
    next(verdict.status === undefined ? undefined : new Refused(verdict))
  }
}
