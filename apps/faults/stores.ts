import { ENGINES } from '../../packages/store/test/engines.ts'
import type { Scope } from './fault.ts'

/** What this machine lacks for a store of that kind. */
export function lacks(engine: string): string | undefined {
  return ENGINES.some(({ name, isThere }) => name === engine && isThere) ? undefined : `${engine} on this machine`
}

/** The address of an empty store, removed at the end. */
export async function emptyStore(engine: string, scope: Scope): Promise<string> {
  const found = ENGINES.find(({ name, isThere }) => name === engine && isThere)
  if (!found) throw new Error(`there is no ${engine} here`)
  scope.defer(() => found.clean())
  return found.fresh()
}
