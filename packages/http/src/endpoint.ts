import type { Answer } from './answer.ts'
import type { Maybe } from './request.ts'

/** A public route as plain data, such as a key set: `mount` of an adapter puts it on a server. */
export interface PublicEndpoint {
  readonly method: 'GET'
  /** Literal: no parameters. */
  readonly path: string
  handle(): Maybe<Answer>
}
