import { availableParallelism } from 'node:os'
import { Unavailable } from '@countersign/http'

export interface HashingLimits {
  /** Hashes at once in this process. */
  readonly concurrency: number
  /** Hashes that may wait for their turn. */
  readonly queue: number
}

/**
 * As many hashes at once as there are cores, but 2 at least and 3 at most: libuv has 4 threads, and with all of them
 * hashing a file read takes 18 ms instead of 0.1 (measured). 32 waiting are about 160 ms on two cores.
 */
export const DEFAULT_LIMITS: HashingLimits = {
  concurrency: Math.min(3, Math.max(2, availableParallelism())),
  queue: 32,
}

interface Waiter {
  readonly concurrency: number
  readonly start: () => void
}

// One count for the process, whoever hashes: threads and memory are the process's.
let running = 0
const waiting: Waiter[] = []

/** Runs `work` in its turn. Rejects at once with `Unavailable` (503) when the queue is full, before any work. */
export async function hashing<T>(work: () => Promise<T>, limits: HashingLimits = DEFAULT_LIMITS): Promise<T> {
  const { concurrency, queue } = limits
  if (running < concurrency && waiting.length === 0) running++
  else if (waiting.length >= queue) throw new Unavailable('Password hashing')
  else await new Promise<void>((start) => waiting.push({ concurrency, start }))
  try {
    return await work()
  } finally {
    running--
    startWaiting()
  }
}

function startWaiting(): void {
  for (let next = waiting[0]; next !== undefined && running < next.concurrency; next = waiting[0]) {
    waiting.shift()
    running++
    next.start()
  }
}
