import type { Maybe } from '@countersign/http'

/** Goes on with a value, now or when it is there. A thenable that is no `Promise` is waited for too: it must not pass for its value. */
export function andThen<T, R>(value: Maybe<T>, next: (value: T) => Maybe<R>): Maybe<R> {
  return isThenable(value) ? Promise.resolve(value).then(next) : next(value)
}

function isThenable<T>(value: Maybe<T>): value is Promise<T> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}
