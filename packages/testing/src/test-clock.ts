/** A clock to hand to anything that takes `clock`: epoch milliseconds, moved by hand. */
export interface TestClock {
  (): number
  /** Moves the clock: forward, or back for a negative number of seconds. */
  advance(seconds: number): void
}

/** Returns a clock that runs with `from` (the machine's clock unless told otherwise) and can be moved. */
export function testClock(from: () => number = () => Date.now()): TestClock {
  let ahead = 0
  const advance = (seconds: number) => {
    if (!Number.isFinite(seconds)) throw new TypeError('advance: seconds must be a number')
    ahead += seconds * 1000
  }
  return Object.assign(() => from() + ahead, { advance })
}
