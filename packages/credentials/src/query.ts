import { type AuthError, authError, type RequestView, targetOf } from '@countersign/http'

const REPEATED = authError('invalid_request', 'query.repeated', {
  detail: 'The query parameter that carries the credential came more than once.',
})

/** The value of a query parameter; `undefined` when absent or empty; refuses a repeated name with `invalid_request`. */
export function readQuery(request: RequestView, name: string): string | AuthError | undefined {
  const target = targetOf(request)
  const start = target.indexOf('?')
  if (start === -1) return undefined
  const values = new URLSearchParams(target.slice(start + 1)).getAll(name)
  return values.length > 1 ? REPEATED : values[0] || undefined
}
