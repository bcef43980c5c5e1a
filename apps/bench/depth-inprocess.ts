// The rounds without a server, each in a fresh process on one core.

import type { DepthAnswer, DepthOrder, DepthRow } from './depth-round.ts'
import type { DepthOptions } from './depth-run.ts'
import { startChild } from './process.ts'
import type { Progress } from './turns.ts'

/** One lane, a value a round. */
export interface DepthTimes extends Pick<DepthRow, 'part' | 'lane'> {
  readonly values: readonly number[]
}

export async function depthInProcess(options: DepthOptions, progress: Progress): Promise<DepthTimes[]> {
  const { rounds, quick, parts } = options
  if (!parts.includes('audit') && !parts.includes('signatures')) return []
  const rows: DepthRow[] = []
  for (let round = 0; round < rounds; round++) {
    const child = startChild('server', 'depth-round.ts')
    try {
      child.send({ round, quick, parts } satisfies DepthOrder)
      rows.push(...(await child.answer<DepthAnswer>()).rows)
    } finally {
      await child.stop()
    }
    progress(round + 1, rounds, 'in process')
  }
  return [...Map.groupBy(rows, ({ lane }) => lane)].map(([lane, own]) => ({
    part: (own[0] as DepthRow).part,
    lane,
    values: own.map(({ microseconds }) => microseconds),
  }))
}
