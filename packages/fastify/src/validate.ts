import { checkInput, checkParts, type Input, type TypeOf } from '@countersign/http'
import { type CarriesInput, INPUT } from '@countersign/inventory'
import type { FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify'
import { send } from './send.ts'

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
 * itself where no content type parser has. What does not fit is 400 with `errors`, each a JSON pointer.
 */
export function validate<const I extends Input>(input: I): Validator<I> {
  checkParts('validate()', input)
  const hook = (request: FastifyRequest<Route<I>>, reply: FastifyReply, done: HookHandlerDoneFunction): void => {
    checkInput(input, request, request)
      .then((checked) => {
        if ('error' in checked) return void send(reply, checked)
        Object.assign(request, checked.parts)
        done()
      })
      .catch(done)
  }
  return Object.assign(hook, { [INPUT]: input })
}
