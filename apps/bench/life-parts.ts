// The parts of `npm run bench:life` that need no server of ours: each a file that a process of its own runs.
import type { Lane } from './life-lanes.ts'

/** What a part is told when it begins. */
export interface PartOptions {
  readonly quick: boolean
  /** Stores that answer: the address of each. Of `login`. */
  readonly stores: Readonly<Record<string, string>>
  /** Of `introspection`. */
  readonly endpoint: string
}
/** What a part measures, and a figure that is no time: what a lane holds in memory. */
export interface Prepared {
  readonly lanes: readonly Lane[]
  readonly bytes?: Readonly<Record<string, number>>
  close?(): unknown
}

/** `stays`: one process for all rounds. `turns`: slices of each lane in a round. */
export const PARTS = {
  login: { says: 'Login and refresh', stays: false, turns: 3 },
  introspection: { says: 'Introspection', stays: false, turns: 15 },
  dpop: { says: 'DPoP', stays: false, turns: 15 },
  issuers: { says: 'A hit among many issuers', stays: false, turns: 15 },
  // A million tokens take too long to verify once a round.
  cache: { says: 'The cache of verified tokens', stays: true, turns: 15 },
} as const satisfies Record<string, { says: string; stays: boolean; turns: number }>
export type PartName = keyof typeof PARTS
