// Lanes take turns in slices, so that what the machine does hits all of them.
import { median, rotated } from './statistics.ts'

/** One thing that is measured. */
export interface Lane {
  readonly name: string
  /** Milliseconds of a slice, and how many a slice holds at least. */
  readonly slice: number
  readonly least: number
  /** What a slice needs and is not measured. */
  ready?(count: number): unknown
  /** Does it so many times. Throws when one of them comes out wrong. */
  run(count: number): Promise<unknown> | undefined
}
/** Microseconds a time, the median of the slices. */
export interface LaneRow {
  readonly lane: string
  /** Of this process, all threads. */
  readonly cpu: number
  /** By the clock. */
  readonly wall: number
}

export interface Course {
  readonly turns: number
  /** Where it begins: another lane each round. */
  readonly round: number
  readonly quick: boolean
}

/** Warms each lane, finds out how many fit into its slice, and then lets them take turns. */
export async function measure(lanes: readonly Lane[], { turns, round, quick }: Course): Promise<LaneRow[]> {
  const all = []
  for (const lane of lanes) {
    const least = quick ? Math.min(lane.least, 16) : lane.least
    const budget = quick ? lane.slice / 8 : lane.slice
    const end = performance.now() + (quick ? 10 : Math.max(100, lane.slice))
    // Until the compiler is done: the last of these says how many fit.
    let last = await slice(lane, least)
    while (performance.now() < end) last = await slice(lane, least)
    const count = Math.max(least, Math.min(8192, Math.round((budget * 1000) / last.wall)))
    all.push({ lane, count, samples: [] as (typeof last)[] })
  }
  for (let turn = 0; turn < (quick ? 2 : turns); turn++)
    for (const { lane, count, samples } of rotated(all, round + turn)) samples.push(await slice(lane, count))
  return all.map(({ lane, samples }) => ({
    lane: lane.name,
    cpu: median(samples.map(({ cpu }) => cpu)),
    wall: median(samples.map(({ wall }) => wall)),
  }))
}

async function slice(lane: Lane, count: number): Promise<{ cpu: number; wall: number }> {
  const made = lane.ready?.(count)
  if (made instanceof Promise) await made
  const begun = performance.now()
  const cpu = process.cpuUsage()
  const done = lane.run(count)
  if (done) await done
  const { user, system } = process.cpuUsage(cpu)
  return { cpu: (user + system) / count, wall: ((performance.now() - begun) * 1000) / count }
}

/** `width` of them under way at any time. `work` is told which of those it is. */
export async function inFlight(count: number, width: number, work: (worker: number) => Promise<unknown>) {
  let left = count
  await Promise.all(
    Array.from({ length: Math.min(width, count) }, async (_, worker) => {
      while (left-- > 0) await work(worker)
    }),
  )
}
