// Imports every entry of every package, as the workspace has it, and names what should not have been loaded. The
// rehearsal does the same with what was installed, and measures it.
import { entriesOf, packages } from '../packages.ts'
import { check, close } from '../tally.ts'
import { noLeak } from './allowed.ts'
import { graphOf } from './graph.ts'

for (const one of packages) {
  for (const entry of entriesOf(one)) {
    await check(`import of ${entry}`, async () => noLeak(await graphOf(entry, one.folder)))
  }
}
close()
