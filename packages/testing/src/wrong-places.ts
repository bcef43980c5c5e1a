import type { Description } from '@countersign/policy'
import type { DraftBattery } from './battery.ts'

const held = { sender: 'the holder of the good credential' } as const

/** A good token, sent in another way than the one there is. */
export function wrongPlaces(
  battery: DraftBattery,
  token: string | undefined,
  sources: readonly string[],
  mode: Description['mode'],
): void {
  if (token === undefined) {
    battery.leave('no good token', 'header.*', 'query', 'cookie')
    return
  }
  const line = `Bearer ${token}`
  const bad = `Bearer ${token.slice(0, -8)}AAAAAAAA`
  const header = (id: string, name: string, authorization: string | string[], section = 'RFC 6750 section 2.1') =>
    battery.add({ ...held, id: `header.${id}`, name, section, headers: { authorization } })
  header('doubled', 'the good token twice', [line, line], 'RFC 9110 section 5.3')
  header('good-bad', 'the good token, then a bad one', [line, bad], 'RFC 9110 section 5.3')
  header('bad-good', 'a bad token, then the good one', [bad, line], 'RFC 9110 section 5.3')
  header('listed', 'two tokens in one line', `${line}, ${bad}`)
  battery.add({
    sender: 'anybody',
    id: 'header.empty',
    name: 'a scheme without a token',
    section: 'RFC 6750 section 2.1',
    headers: { authorization: 'Bearer' },
  })
  header('space', 'a token with a space inside', `Bearer ${token.slice(0, 9)} ${token.slice(9)}`)
  if (mode === 'optional') {
    battery.leave('a request without a credential may pass', 'header.bare', 'header.jwt', 'query', 'cookie')
    return
  }
  header('bare', 'the token without its scheme', token)
  header('jwt', 'the token after another scheme', `JWT ${token}`)
  const read = (kind: string) => sources.some((source) => source.startsWith(`${kind}:`))
  if (read('query')) battery.leave('tokens are read from there', 'query')
  else {
    const { url } = battery.request
    battery.add({
      ...held,
      id: 'query',
      name: 'the good token in the query',
      section: 'RFC 9700 section 4.3.2',
      url: `${url}${url.includes('?') ? '&' : '?'}access_token=${token}`,
    })
  }
  if (read('cookie')) battery.leave('tokens are read from there', 'cookie')
  else
    battery.add({
      sender: 'another site, through a browser',
      id: 'cookie',
      name: 'the good token in cookies',
      section: 'RFC 6750 section 2',
      headers: { cookie: ['token', 'access_token', 'jwt'].map((name) => `${name}=${token}`).join('; ') },
    })
}
