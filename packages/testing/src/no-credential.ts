import type { Description } from '@countersign/policy'
import type { DraftBattery } from './battery.ts'
import { CHALLENGED, NO_SUCCESS } from './fault.ts'

const bare = { sender: 'anybody', bare: true } as const

/** Nothing in hand: no credential, also by other spellings of the path, other methods, other headers. */
export function withoutCredential(battery: DraftBattery, mode: Description['mode']): void {
  if (mode === 'optional') {
    const ids = ['none', 'scheme.unknown', 'path.*', 'method.head', 'override']
    battery.leave('a request without a credential may pass', ...ids)
    return
  }
  const { method, url } = battery.request
  const [path = '', query = ''] = url.split(/(?=\?)/)
  battery.add({
    ...bare,
    id: 'none',
    name: 'no credential',
    section: 'RFC 9110 section 15.5.2',
    expected: CHALLENGED,
  })
  battery.add({
    ...bare,
    id: 'scheme.unknown',
    name: 'a scheme that nobody knows',
    section: 'RFC 9110 section 11.4',
    headers: { authorization: 'Countersign let-me-in' },
  })
  for (const [id, spelt] of Object.entries(spellings(path))) {
    if (spelt === path) continue
    battery.add({
      ...bare,
      id,
      name: `no credential, to ${spelt}`,
      section: 'RFC 3986 section 6',
      url: spelt + query,
      expected: NO_SUCCESS,
    })
  }
  if (method === 'GET')
    battery.add({
      ...bare,
      id: 'method.head',
      name: 'no credential, by HEAD',
      section: 'RFC 9110 section 9.3.2',
      method: 'HEAD',
      expected: NO_SUCCESS,
    })
  battery.add({
    ...bare,
    id: 'override',
    name: 'no credential, another method and path in headers',
    section: 'OWASP API5:2023',
    headers: { 'x-http-method-override': 'OPTIONS', 'x-original-url': '/', 'x-rewrite-url': '/' },
    expected: NO_SUCCESS,
  })
}

/** Other ways to write a path, which a router may take for the same and a guard for another. */
function spellings(path: string): Readonly<Record<string, string>> {
  return {
    'path.double': `/${path}`,
    'path.slash': `${path}/`,
    'path.case': path.toUpperCase(),
    'path.parameter': `${path};a`,
    'path.encoded': path.replace(/[a-z]/, (letter) => `%${letter.charCodeAt(0).toString(16)}`),
    'path.dot': `/.${path}`,
  }
}
