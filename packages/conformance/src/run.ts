import type { Case, World } from './case.ts'
import { checkExpectation, checkInvariants } from './check.ts'
import { normalise } from './transcript.ts'
import { exchange, type WireRequest, type WireResponse } from './wire.ts'

/** Runs a case against a host: the answers, normalised, in order. Throws at the first that is wrong, naming case and text.
 * `sent` is told of each request before it goes. */
export async function runCase(
  one: Case,
  world: World,
  sent?: (request: WireRequest) => void,
): Promise<readonly string[]> {
  const answers: string[] = []
  const steps = one.steps(world)
  const iterator = Symbol.asyncIterator in steps ? steps[Symbol.asyncIterator]() : steps[Symbol.iterator]()
  let response: WireResponse | undefined
  for (;;) {
    const { done, value: step } = await iterator.next(...((response ? [response] : []) as [WireResponse]))
    if (done || !step) return answers
    try {
      sent?.(step.send)
      response = await exchange(world.port, step.send)
      checkInvariants(step.send, response, step.expect)
      checkExpectation(response, step.expect)
    } catch (error) {
      const what = `${one.id} (${one.section}), step ${answers.length + 1}: ${step.send.method ?? 'GET'} ${step.send.path.slice(0, 80)}`
      throw new Error(`${what}: ${(error as Error).message}`, { cause: error })
    }
    answers.push(normalise(response))
  }
}
