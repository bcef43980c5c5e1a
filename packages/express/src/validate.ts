import { checkInput, type Input, type TypeOf } from '@countersign/http'
import type { NextFunction, Request, Response } from 'express'
import { send } from './send.ts'

type Body<I extends Input> = I['body'] extends object ? TypeOf<I['body']> : unknown
type Query<I extends Input> = I['query'] extends object ? TypeOf<I['query']> : Request['query']
type Validator<I extends Input> = I['params'] extends object
  ? <A>(request: Request<TypeOf<I['params']>, A, Body<I>, Query<I>>, response: Response<A>, next: NextFunction) => void
  : <P, A>(request: Request<P, A, Body<I>, Query<I>>, response: Response<A>, next: NextFunction) => void

/**
 * Middleware that checks body, query and path parameters, and types them for the handlers behind it. Reads the body
 * itself where no parser has. What does not fit is 400 with `errors`, each a JSON pointer; 415 and 413 for the rest.
 */
export function validate<const I extends Input>(input: I): Validator<I> {
  const handler = (request: Request, response: Response, next: NextFunction): void => {
    checkInput(input, request, request)
      .then((checked) => {
        if ('error' in checked) return send(response, checked)
        for (const part of ['body', 'query', 'params'] as const) {
          // Express 5 has `query` as a getter: only a definition replaces it.
          if (input[part])
            Object.defineProperty(request, part, {
              value: checked.parts[part],
              writable: true,
              configurable: true,
              enumerable: true,
            })
        }
        next()
      })
      .catch(next)
  }
  return handler as Validator<I>
}
