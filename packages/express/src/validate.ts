import type { ServerResponse } from 'node:http'
import {
  checkGiven,
  checkInput,
  checkParts,
  type Input,
  type RefusalOptions,
  type RequestView,
  type TypeOf,
  throwsRefusals,
} from '@countersign/http'
import { type CarriesInput, INPUT } from '@countersign/inventory'
import type { NextFunction } from 'express'
import { conclude } from './send.ts'

/**
 * What a request has behind `validate`, and no more: Express infers the types of `req.body`, `req.query` and `req.params`
 * of the handlers that follow from these members, and keeps its own for the rest.
 */
export type Validated<I extends Input> = {
  [K in 'body' | 'query' | 'params' as I[K] extends object ? K : never]: TypeOf<I[K]>
}

/**
 * Middleware that checks body, query and path parameters, and types them for the handlers behind it. Reads the body
 * itself where no parser has. What does not fit is 400 `invalid_request` with `errors`, each a JSON pointer; a body of another
 * type is 415 `unsupported_media_type`, one too long 413 `content_too_large`: sent as problem details, or thrown to your error
 * handler with `refusals: 'throw'`. Throws a TypeError for a part without a schema and for a wrong option where it is made, and at
 * each request (500) where it stands in Fastify.
 */
export function validate<const I extends Input>(
  input: I,
  options?: RefusalOptions,
): ((request: Validated<I>, response: object, next: NextFunction) => void) & CarriesInput {
  checkParts('validate()', input)
  const throws = throwsRefusals('validate()', options)
  const handler = (request: Validated<I>, response: object, next: NextFunction): void => {
    checkGiven('express', 'validate', request, next)
    checkInput(input, request as object as RequestView, request)
      .then((checked) => {
        if ('error' in checked) return conclude(checked, response as ServerResponse, next, throws)
        for (const [part, value] of Object.entries(checked.parts)) {
          // Express 5 has `query` as a getter: only a definition replaces it.
          Object.defineProperty(request, part, { value, writable: true, configurable: true, enumerable: true })
        }
        next()
      })
      .catch(next)
  }
  return Object.assign(handler, { [INPUT]: input })
}
