// Login and refresh on each store, beside the hash of a password alone. What the database itself spends is not counted.
import { hashPassword, passwordLogin, verifyPassword } from '@countersign/passwords'
import type { Store } from '@countersign/store'
import { localIssuer } from '@countersign/tokens'
import { inFlight, type Lane } from './life-lanes.ts'
import type { PartOptions, Prepared } from './life-parts.ts'
import { openStore } from './life-stores.ts'
import { SCOPE, USER } from './settings.ts'

/** Under way at once. */
export const WIDTH = 16
const ISSUER = 'https://api.example'
const HASHING = { slice: 100, least: 24 }
const STORING = { slice: 60, least: 64 }

export async function prepare({ stores }: PartOptions): Promise<Prepared> {
  const passwordHash = await hashPassword(USER.password)
  let number = 0
  const users = passwordLogin({ find: (username) => ({ subject: username, passwordHash, scopes: [SCOPE] }) })
  // Each login is another user's.
  const username = () => `user-${process.pid}-${number++}`
  const lanes: Lane[] = [
    concurrent('hashPassword', HASHING, () => hashPassword(USER.password)),
    concurrent('verifyPassword', HASHING, async () => {
      if (!(await verifyPassword(USER.password, passwordHash))) throw new Error('a good password was refused')
    }),
  ]
  const opened: Store[] = []
  for (const [name, address] of Object.entries(stores)) {
    const store = openStore(address)
    opened.push(store)
    const own = localIssuer({ issuer: ISSUER, audience: ISSUER, store })
    await own.jwks() // loads
    const login = async () => own.issue(await users.require({ username: username(), password: USER.password }))
    const issue = () => own.issue({ subject: username(), scopes: [SCOPE] })
    const held = await Promise.all(Array.from({ length: WIDTH }, async () => (await issue()).refresh_token as string))
    const refresh = async (worker: number) => {
      held[worker] = (await own.refresh(held[worker] as string)).refresh_token as string
    }
    lanes.push(
      concurrent(`${name}: login`, HASHING, login),
      concurrent(`${name}: issue`, STORING, issue),
      concurrent(`${name}: refresh`, STORING, refresh),
    )
  }
  return {
    lanes,
    close: () => Promise.all(opened.map((store) => store.close())),
  }
}

function concurrent(name: string, size: typeof HASHING, work: (worker: number) => Promise<unknown>): Lane {
  return { name, ...size, run: (count) => inFlight(count, WIDTH, work) }
}
