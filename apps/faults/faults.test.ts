// pnpm test:faults: each fault first with a guard taken out, where it must bite, then with the code as it is.
import { readFileSync, writeFileSync } from 'node:fs'
import { afterAll, describe, expect, test } from 'vitest'
import { Bitten, type Fault, type Guard, scope } from './fault.ts'
import { FAULTS } from './faults.ts'
import { table, tableIn, withTable } from './page.ts'

const README = new URL('README.md', import.meta.url)
const seen = new Map<Fault | Guard, string>()

/** What the run said; rejects with `Bitten` where the fault bit. */
async function outcome(fault: Fault, guard?: Guard): Promise<string> {
  const here = scope()
  try {
    return await fault.run(guard?.changes ?? [], here)
  } finally {
    await here.end()
  }
}

for (const fault of FAULTS) {
  const { id, on, guards, unshown = [], holds, missing } = fault
  const say = (text: string) => console.log(`${id} ${on}: ${text}`)
  if (missing) console.error(`\n*** LEFT OUT: ${id} on ${on}. It needs ${missing}.\n`)

  describe.skipIf(missing !== undefined)(`${id} on ${on}`, () => {
    for (const guard of guards) {
      test(`bites without "${guard.what}"`, async () => {
        const bitten = await outcome(fault, guard).then(
          (held) => `it held: ${held}`,
          (error: unknown) => {
            if (error instanceof Bitten) return error.message
            throw error
          },
        )
        say(`without "${guard.what}": ${bitten}`)
        expect(bitten).toContain(guard.bites)
        seen.set(guard, bitten)
      })
    }

    test(`holds: ${holds}`, async () => {
      for (const why of unshown) say(`not shown: ${why}`)
      const held = await outcome(fault)
      say(`held: ${held}`)
      seen.set(fault, held)
    })
  })
}

afterAll(() => {
  const isWhole = FAULTS.every((fault) => seen.has(fault) && fault.guards.every((guard) => seen.has(guard)))
  if (process.env.UPDATE !== '1' || !isWhole) return
  const text = table(FAULTS, (fault, guard) => seen.get(guard ?? fault) as string)
  writeFileSync(README, withTable(readFileSync(README, 'utf8'), text))
})

test.skipIf(process.env.UPDATE === '1')('the README has a row for every case, with what was seen', () => {
  const ANY = '\u0000'
  const rows = table(FAULTS, (_, guard) => (guard ? `${ANY}${guard.bites}${ANY}` : ANY)).split('\n')
  const written = tableIn(readFileSync(README, 'utf8')).split('\n')
  expect(written).toHaveLength(rows.length)
  for (const [at, row] of rows.entries()) {
    const pattern = row
      .split(ANY)
      .map((text) => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
      .join('.*')
    expect(written[at]).toMatch(new RegExp(`^${pattern}$`))
  }
})
