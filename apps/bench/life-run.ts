// The rounds of the parts, each in a process of its own.
import type { LaneRow } from './life-lanes.ts'
import { PARTS, type PartName, type PartOptions } from './life-parts.ts'
import { type PartRow, partRows } from './life-results.ts'
import type { RoundAnswer, RoundOrder } from './life-round.ts'
import { type Child, startChild } from './process.ts'
import type { Listening } from './serve.ts'

export interface RunOptions {
  readonly rounds: number
  readonly quick: boolean
  readonly parts: readonly PartName[]
  readonly stores: PartOptions['stores']
}

/** All rounds of these parts, part after part. `progress` is told when a round of a part is done. */
export async function runParts(
  { rounds, quick, parts, stores }: RunOptions,
  progress: (done: number, all: number, what: string) => void,
): Promise<PartRow[]> {
  const rows: PartRow[] = []
  const server = startChild('load', 'life-introspection-endpoint.ts')
  let done = 0
  try {
    const { url: endpoint } = await server.answer<Listening>()
    for (const part of parts) {
      const answers: RoundAnswer[] = []
      let child: Child | undefined
      try {
        for (let round = 0; round < rounds; round++) {
          child ??= await begun(part)
          child.send({ round, quick, stores, endpoint } satisfies RoundOrder)
          answers.push(await child.answer<RoundAnswer>())
          if (!PARTS[part].stays) {
            await child.stop()
            child = undefined
          }
          progress(++done, rounds * parts.length, `${PARTS[part].says}, round ${round + 1} of ${rounds}`)
        }
      } finally {
        await child?.stop()
      }
      const measured: (readonly LaneRow[])[] = answers.map((answer) => answer.rows)
      rows.push(...partRows(part, measured, answers[0]?.bytes ?? {}))
    }
  } finally {
    await server.stop()
  }
  return rows
}

async function begun(part: PartName): Promise<Child> {
  const child = startChild('server', 'life-round.ts', [part])
  await child.answer()
  return child
}
