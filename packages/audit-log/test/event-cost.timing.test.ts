import { expect, test } from 'vitest'
import { eventCost } from './event-cost.ts'

const GOAL = 5 // microseconds
const TRIES = 3

// Company on the machine only ever adds: what is above the goal three times is dear, what is below it once is not.
test(`an event costs the request that it is about at most ${GOAL} µs`, async () => {
  let least = Number.POSITIVE_INFINITY
  for (let tries = 0; tries < TRIES && least >= GOAL; tries++) {
    const { event, written } = await eventCost()
    console.log(
      `an event: ${event.toFixed(2)} µs on the request path, ${written.toFixed(2)} µs beside it (text, HMAC, file)`,
    )
    least = Math.min(least, event)
  }
  expect(least).toBeLessThan(GOAL)
})
