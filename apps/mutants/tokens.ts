import type { Mutant } from './mutant.ts'

/** Guards of tokens, and of what the sample does with them. */
export const tokenMutants: readonly Mutant[] = []
