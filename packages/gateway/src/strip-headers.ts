import { type AuthError, authError, type Headers, headerLines, type Message } from '@countersign/http'
import { type NameTest, spelled } from './header-name.ts'

const HOST = authError('invalid_request', 'host.repeated', {
  detail: 'The request has more than one Host.',
  expected: 'one Host (RFC 9112 section 3.2)',
})
const NAME = /^[!#$%&'*+.^_`|~0-9a-z-]+$/
const FRAMING: readonly string[] = ['content-length', 'content-type', 'content-encoding']

/**
 * The headers of a request that may go on, by names in lower case: none that `drop` names in any spelling, none that `Connection`
 * names, no `Host`. Two `Host` lines are `invalid_request`. RFC 9110 section 7.6.1.
 */
export function stripHeaders(message: Message, drop: NameTest): Record<string, string | string[]> | AuthError {
  if (headerLines(message, 'host').length > 1) return HOST
  const named = connectionNames(message)
  const kept: Record<string, string | string[]> = Object.create(null)
  const { rawHeaders } = message
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = (rawHeaders[at] as string).toLowerCase()
    const value = rawHeaders[at + 1] as string
    const spelling = spelled(name)
    if (spelling === 'host' || drop(spelling) || named.has(spelling)) continue
    if (!NAME.test(name) || /[\0\r\n]/.test(value)) continue
    const before = kept[name]
    if (before === undefined) kept[name] = value
    else if (Array.isArray(before)) before.push(value)
    else kept[name] = [before, value]
  }
  return kept satisfies Headers
}

/** What `Connection` names, but what says where the body ends and what it is: those are not for it to name. */
function connectionNames(message: Message): ReadonlySet<string> {
  const names = new Set<string>()
  for (const line of headerLines(message, 'connection')) {
    for (const one of line.split(',')) {
      const spelling = spelled(one.trim())
      if (!FRAMING.includes(spelling)) names.add(spelling)
    }
  }
  return names
}
