import type { Case } from '../case.ts'
import { tokenCases } from './tokens.ts'

/** The whole suite, in the order it runs. */
export const CASES: readonly Case[] = [...tokenCases]

const ids = new Set<string>()
for (const { id } of CASES) {
  if (ids.has(id)) throw new Error(`two cases are named ${id}`)
  ids.add(id)
}
