// One part as a process: `node life-round.ts PART`, told over IPC what to prepare and then to measure round after round.
import { measure } from './life-lanes.ts'
import { PARTS, type PartName, type PartOptions, type Prepared } from './life-parts.ts'

export type RoundOrder = { readonly round: number } & PartOptions
export interface RoundAnswer {
  readonly rows: Awaited<ReturnType<typeof measure>>
  readonly bytes: Readonly<Record<string, number>>
}

const part = process.argv[2] as PartName
const { prepare } = (await import(`./life-${part}.ts`)) as { prepare(options: PartOptions): Promise<Prepared> }
let prepared: Prepared | undefined

process.on('disconnect', () => process.exit())
process.on('message', (order: RoundOrder) => {
  answer(order).catch((error: Error) => process.send?.({ kind: 'failed', why: error.stack }))
})

async function answer({ round, ...options }: RoundOrder): Promise<void> {
  prepared ??= await prepare(options)
  const { turns, stays } = PARTS[part]
  const rows = await measure(prepared.lanes, { turns, round, quick: options.quick })
  if (!stays) await prepared.close?.()
  process.send?.({ rows, bytes: prepared.bytes ?? {} } satisfies RoundAnswer)
}
process.send?.({ kind: 'ready' })
