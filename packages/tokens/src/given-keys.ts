import type { SigningKeys } from './signing-keys.ts'
import type { StoredKeys } from './stored-keys.ts'

const NONE = 'this issuer was given its keys, so it has none to change: change what it is given'

/** Keys that the application gave: they are what they are. */
export function givenKeys(keys: SigningKeys): StoredKeys {
  const refuse = async (): Promise<never> => {
    throw new TypeError(`localIssuer: ${NONE}`)
  }
  return {
    current: () => keys,
    take() {},
    load: async () => {},
    ready: () => undefined,
    hearOf: () => undefined,
    list: async () => [],
    rotate: refuse,
    retire: refuse,
  }
}
