import {
  checkGiven,
  checkInput,
  checkParts,
  type Input,
  type RefusalOptions,
  type TypeOf,
  throwsRefusals,
} from '@countersign/http'
import { type CarriesInput, INPUT } from '@countersign/inventory'
import type { FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify'
import { conclude } from './send.ts'

/** Fastify's route generic for what was checked. */
export interface Route<I extends Input> {
  Body: I['body'] extends object ? TypeOf<I['body']> : unknown
  Querystring: I['query'] extends object ? TypeOf<I['query']> : unknown
  Params: I['params'] extends object ? TypeOf<I['params']> : unknown
}
/** A `preValidation` hook that types the handler behind it, and carries what it checks. */
export type Validator<I extends Input> = ((
  request: FastifyRequest<Route<I>>,
  reply: FastifyReply,
  done: HookHandlerDoneFunction,
) => void) &
  CarriesInput

/**
 * A `preValidation` hook that checks body, query and path parameters, and types them for the handler. Reads the body
 * itself where no content type parser has. What does not fit is 400 `invalid_request` with `errors`, each a JSON pointer; a body of
 * another type is 415 `unsupported_media_type`, one too long 413 `content_too_large`: sent as problem details, or thrown to your
 * error handler with `refusals: 'throw'`. Throws a TypeError for a part without a schema and for a wrong option where it is made,
 * by `app.register`, and at each request (500) in a hook such as `onSend` and in Express.
 */
export function validate<const I extends Input>(input: I, options?: RefusalOptions): Validator<I> {
  checkParts('validate()', input)
  const throws = throwsRefusals('validate()', options)
  const hook = (request: FastifyRequest<Route<I>>, reply: FastifyReply, done: HookHandlerDoneFunction): void => {
    checkGiven('fastify', 'validate', request, done)
    checkInput(input, request, request)
      .then((checked) => {
        if ('error' in checked) return conclude(checked, reply, done, throws)
        Object.assign(request, checked.parts)
        done()
      })
      .catch(done)
  }
  return Object.assign(hook, { [INPUT]: input })
}
