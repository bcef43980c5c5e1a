import { blackHoles } from './black-hole.ts'
import { clocks } from './clock.ts'
import { disks } from './disk.ts'
import type { Fault } from './fault.ts'
import { keySources } from './key-source.ts'
import { overloads } from './overload.ts'
import { refreshKills } from './refresh-kill.ts'
import { refreshRaces } from './refresh-race.ts'
import { reuse } from './reuse.ts'
import { rotations } from './rotation.ts'
import { storeDown } from './store-down.ts'

/** Every case, by row of THREATS. */
export const FAULTS: readonly Fault[] = [
  ...storeDown,
  ...blackHoles,
  ...refreshKills,
  ...refreshRaces,
  reuse,
  ...disks,
  ...keySources,
  ...rotations,
  ...clocks,
  ...overloads,
].toSorted((a, b) => a.id.localeCompare(b.id))
