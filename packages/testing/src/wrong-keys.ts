import type { AttackRequest, AttackSender } from './attack.ts'
import type { DraftBattery } from './battery.ts'

type Given = Readonly<Record<string, string>>

/** Keys in headers of their own: broken, where a good one was given, else made up. `also`: what `allOf` wants beside. */
export function wrongKeys(battery: DraftBattery, sources: readonly string[], given: Given, also: Given): void {
  for (const header of sources.flatMap((source) => (source.startsWith('header:') ? [source.slice(7)] : []))) {
    const good = given[header]
    for (const { id, name, sender, make } of KEYS) {
      const value = make(good ?? '')
      if (good === undefined && id !== 'wrong') battery.leave('no good credential of its scheme', `${header}.${id}`)
      else if (value !== good)
        battery.add({
          id: `${header}.${id}`,
          name: `${header}: ${name}`,
          section: 'OWASP API2:2023',
          sender,
          headers: { ...also, [header]: value },
        })
    }
  }
}

/** User name and password (RFC 7617): the user's own with something wrong, where a good line was given, else made up. */
export function wrongPasswords(battery: DraftBattery, good: string | undefined): void {
  const add = ({ id, name, sender }: Wrong, authorization: string | string[]) =>
    battery.add({
      id: `basic.${id}`,
      name: `Basic: ${name}`,
      section: 'RFC 7617 section 2',
      sender,
      headers: { authorization },
    })
  for (const { value, ...wrong } of MADE_UP) add(wrong, `Basic ${value}`)
  const [, user = '', password = ''] = /^([^:]*):(.*)$/s.exec(decoded(good)) ?? []
  for (const wrong of [WRONG_PASSWORD, ...KEYS.filter(({ id }) => id !== 'wrong')]) {
    const made = wrong.make(password)
    if (good === undefined) battery.leave('no good credential of its scheme', `basic.${wrong.id}`)
    else if (Array.isArray(made)) add(wrong, [good, good])
    else if (made !== password) add(wrong, `Basic ${encoded(`${user}:${made}`)}`)
  }
}

/** Throws for what is no user name and password. */
export function checkBasic(line: string): void {
  if (!decoded(line).includes(':'))
    throw new TypeError('attacksOn: the Authorization in "headers" must be Basic with user name and password')
}

interface Wrong {
  readonly id: string
  readonly name: string
  readonly sender: AttackSender
}
interface Broken extends Wrong {
  /** Of a good key, or of a good password. */
  make(good: string): AttackRequest['headers'][string]
}

const held = 'the holder of the good credential'
// biome-ignore format: a table
const KEYS: readonly Broken[] = [
  { id: 'wrong', name: 'a key that was made up', sender: 'anybody', make: () => 'made-up-key' },
  { id: 'truncated', name: 'the good one without its last character', sender: 'anybody', make: (good) => good.slice(0, -1) },
  { id: 'case', name: 'the good one in the other case', sender: 'anybody', make: (good) => (good === good.toUpperCase() ? good.toLowerCase() : good.toUpperCase()) },
  { id: 'extended', name: 'the good one with a character more', sender: held, make: (good) => `${good}a` },
  { id: 'doubled', name: 'the good one twice', sender: held, make: (good) => [good, good] },
]
const WRONG_PASSWORD: Broken = {
  id: 'password',
  name: 'the good user with another password',
  sender: 'anybody',
  make: () => 'made-up-password',
}

const encoded = (text: string) => Buffer.from(text).toString('base64')
const decoded = (line = '') => Buffer.from(line.replace(/^basic +/i, ''), 'base64').toString()

// biome-ignore format: a table
const MADE_UP: readonly (Wrong & { readonly value: string })[] = [
  { id: 'wrong', name: 'a user that was made up', sender: 'anybody', value: encoded('nobody:nothing') },
  { id: 'colon', name: 'no colon', sender: 'anybody', value: encoded('nobody') },
  { id: 'base64', name: 'no base64', sender: 'anybody', value: '????' },
  { id: 'empty', name: 'no user and no password', sender: 'anybody', value: encoded(':') },
]
