import type { Maybe } from '@countersign/http'

/** True for a promise and for what only looks like one (a query builder of an ORM). */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}

/**
 * Goes on with a value now, or with a promise's value later: what was synchronous stays so. Not named `then`: a module
 * that exports a `then` is itself a thenable, and `import()` of it settles with whatever that calls.
 */
export function andThen<T, R>(value: Maybe<T>, next: (value: T) => Maybe<R>): Maybe<R> {
  return isThenable(value) ? Promise.resolve(value as PromiseLike<T>).then(next) : next(value)
}
