import { checkOptions } from './options.ts'

/** What `protect` and `validate` of every adapter take. */
export interface RefusalOptions {
  /** `send` (default) answers a refusal at once; `throw` hands a `Refused` to your error handler, for a house format. */
  readonly refusals?: 'send' | 'throw'
}

/** For adapters: whether refusals are thrown. Throws a TypeError for an option that there is not. */
export function throwsRefusals(maker: string, options: RefusalOptions | undefined): boolean {
  checkOptions(maker, options, ['refusals'])
  const { refusals = 'send' } = options ?? {}
  if (refusals !== 'send' && refusals !== 'throw')
    throw new TypeError(`option "refusals" of ${maker} must be "send" or "throw"`)
  return refusals === 'throw'
}
