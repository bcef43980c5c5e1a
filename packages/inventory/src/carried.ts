import type { Input } from '@countersign/http'
import type { Endpoint } from '@countersign/policy'

/** A validator that an adapter made carries what it checks under this symbol, as `POLICY` of a guard does. */
export const INPUT: unique symbol = Symbol.for('countersign.input') as never
/** Middleware that serves endpoints carries them under this symbol. */
export const ENDPOINTS: unique symbol = Symbol.for('countersign.endpoints') as never

export interface CarriesInput {
  readonly [INPUT]: Input
}
export interface CarriesEndpoints {
  readonly [ENDPOINTS]: readonly Endpoint[]
}
