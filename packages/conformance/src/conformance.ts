import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Case } from './case.ts'
import { CASES } from './cases/index.ts'
import type { RunningHost } from './host.ts'
import { runCase } from './run.ts'
import { NORMALISED } from './transcript.ts'

/** What each host answered, by case: for the comparison at the end. */
export type Transcripts = Map<string, Map<string, readonly string[]>>

/** Registers every case of the suite against one host. No case is ever left out. */
export function conformance(
  name: string,
  start: () => Promise<RunningHost>,
  transcripts: Transcripts,
  cases: readonly Case[] = CASES,
): void {
  describe(name, () => {
    let host: RunningHost
    const answers = new Map<string, readonly string[]>()
    transcripts.set(name, answers)
    beforeAll(async () => {
      host = await start()
    })
    afterAll(async () => {
      await host?.stop()
    })
    for (const one of cases) {
      test(`${one.id}: ${one.title} [${one.section}]`, async () => {
        answers.set(one.id, await runCase(one, host))
      })
    }
  })
}

/** Registers the comparison of all hosts that ran before: every answer of every case the same, to the byte. */
export function identical(transcripts: Transcripts, cases: readonly Case[] = CASES): void {
  describe('the same on every host', () => {
    beforeAll(() => {
      console.log(`compared to the byte, after:\n${NORMALISED.map((line) => `  - ${line}`).join('\n')}`)
    })
    for (const { id } of cases) {
      test(id, () => {
        const [first, ...others] = [...transcripts].map(([host, answers]) => ({ host, answers: answers.get(id) }))
        expect(first?.answers, `${first?.host} did not answer`).toBeDefined()
        for (const other of others)
          expect(other.answers, `${other.host} differs from ${first?.host}`).toEqual(first?.answers)
      })
    }
  })
}
