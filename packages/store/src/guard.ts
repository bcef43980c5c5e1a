import { Unavailable } from '@countersign/http'

export interface GuardOptions {
  /** In messages. */
  readonly name: string
  /** Calls under way at once. */
  readonly pending: number
  /** Called each time the database is found not to answer. */
  readonly opened: () => void
  /** Whether an error is an answer: the database is there, and only this call failed. */
  readonly isAnswer: (error: unknown) => boolean
}

/** Calls to a database that may be slow or gone: so many at once, and none while it is known to be down. */
export interface Guard {
  /** Runs `call`, which must end by itself; rejects with `Unavailable` for whatever goes wrong. */
  run<T>(call: () => Promise<T>): Promise<T>
  close(): void
}

/** Failures in a row after which nothing is asked for a while. */
const FAILURES = 3
/** Milliseconds of that while. One call then tries; the others follow when it succeeds. */
const PAUSE = 500

/** A TypeError is a bug and stays one; every other fault is the database's. */
export function guard({ name, pending, opened, isAnswer }: GuardOptions): Guard {
  let underWay = 0
  let failures = 0
  let pausedUntil = 0
  let trying = false
  let closed = false

  const unavailable = (cause: unknown) => new Unavailable(`the ${name} store`, { cause })

  function refusal(): Unavailable | undefined {
    if (closed) return unavailable(new Error('it was closed'))
    if (underWay >= pending) return unavailable(new Error(`${pending} calls are under way, the most there may be`))
    if (failures >= FAILURES && (trying || performance.now() < pausedUntil))
      return unavailable(new Error(`it failed ${failures} times in a row; it is asked again every ${PAUSE} ms`))
    return undefined
  }

  function failed(tried: boolean): void {
    failures++
    if (failures < FAILURES) return
    pausedUntil = performance.now() + PAUSE
    if (failures === FAILURES || tried) opened() // not for those that were under way before
  }

  async function run<T>(call: () => Promise<T>): Promise<T> {
    const refused = refusal()
    if (refused) throw refused
    const tries = failures >= FAILURES
    trying ||= tries
    underWay++
    try {
      const result = await call()
      failures = 0
      return result
    } catch (error) {
      if (error instanceof TypeError) throw error
      if (isAnswer(error)) failures = 0
      else failed(tries)
      throw unavailable(error)
    } finally {
      underWay--
      if (tries) trying = false
    }
  }

  return { run, close: () => void (closed = true) }
}

/** The result of `call`, or an error when it is not there within so many milliseconds. */
export async function inTime<T>(call: Promise<T>, milliseconds: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${milliseconds} ms`)), milliseconds)
  })
  call.catch(() => {}) // it may fail after its time
  try {
    return await Promise.race([call, late])
  } finally {
    clearTimeout(timer)
  }
}
