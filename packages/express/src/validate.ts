import type { ServerResponse } from 'node:http'
import { checkInput, checkParts, type Input, type RequestView, type TypeOf } from '@countersign/http'
import { type CarriesInput, INPUT } from '@countersign/inventory'
import type { NextFunction } from 'express'
import { send } from './send.ts'

/**
 * What a request has behind `validate`, and no more: Express infers the types of `req.body`, `req.query` and `req.params`
 * of the handlers that follow from these members, and keeps its own for the rest.
 */
export type Validated<I extends Input> = {
  [K in 'body' | 'query' | 'params' as I[K] extends object ? K : never]: TypeOf<I[K]>
}

/**
 * Middleware that checks body, query and path parameters, and types them for the handlers behind it. Reads the body
 * itself where no parser has. What does not fit is 400 with `errors`, each a JSON pointer; 415 and 413 for the rest.
 */
export function validate<const I extends Input>(
  input: I,
): ((request: Validated<I>, response: object, next: NextFunction) => void) & CarriesInput {
  checkParts('validate()', input)
  const handler = (request: Validated<I>, response: object, next: NextFunction): void => {
    checkInput(input, request as object as RequestView, request)
      .then((checked) => {
        if ('error' in checked) return send(response as ServerResponse, checked)
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
