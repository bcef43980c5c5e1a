// What each package lets its users see, as text that stands beside it: api.txt. `--update` writes them; without it, a
// difference between them and what was built is a failure, so that every change of the surface shows in review.
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Declared, declarationOf, exportsOf, namedBy } from './declarations.ts'
import { type Package, packages, root } from './packages.ts'
import { shell } from './shell.ts'
import { check, close, must } from './tally.ts'

const UPDATE = 'pnpm api:update'
const update = process.argv.includes('--update')
const scratch = mkdtempSync(join(tmpdir(), 'countersign-api-'))

for (const one of packages) {
  await check(`api of ${one.name}`, async () => {
    const file = join(one.folder, 'api.txt')
    const report = await reportOf(one)
    if (update) return writeFileSync(file, report)
    must(existsSync(file), `there is no ${file.slice(root.length)}: ${UPDATE}`)
    if (readFileSync(file, 'utf8') === report) return
    const built = join(scratch, 'built.txt')
    writeFileSync(built, report)
    const difference = await shell('git', ['diff', '--no-index', '--no-color', '--unified=1', file, built]).catch(
      (error: Error) => error.message.split('\n').slice(6).join('\n'),
    )
    throw new Error(
      `the surface of ${one.name} changed:\n${difference}\nIf that is meant: ${UPDATE}, commit ${file.slice(root.length)}, and write a changeset`,
    )
  })
}
close()

async function reportOf(one: Package): Promise<string> {
  const parts = await Promise.all(one.entries.map((entry) => entryOf(one, entry)))
  const commands = one.commands.length > 0 ? `// commands: ${one.commands.join(', ')}\n` : ''
  return `// What ${one.name} exports: names, then their types. Made by ${UPDATE} from what was built.\n${commands}${parts.join('')}`
}

async function entryOf({ name, folder, manifest }: Package, entry: string): Promise<string> {
  const published = (manifest as { publishConfig?: { exports?: Record<string, { types: string; default: string }> } })
    .publishConfig?.exports?.[entry]
  must(published, `${name} has no publishConfig.exports for ${entry}`)
  const types = join(folder, published.types)
  must(existsSync(types), `${name} is not built: pnpm build`)
  const values = Object.keys(await import(join(folder, published.default))).sort()
  const names = exportsOf(types)
  const missing = values.filter((value) => !names.includes(value))
  must(missing.length === 0, `${name} exports ${missing.join(', ')} without a type`)

  const shown = new Map<string, Declared>()
  const external: string[] = []
  for (const exported of names) {
    const declared = declarationOf(types, exported)
    if (declared) shown.set(`${declared.file}#${declared.name}`, declared)
    else external.push(exported)
  }
  const reached = new Map<string, Declared>()
  const queue = [...shown.values()]
  for (let next = queue.pop(); next; next = queue.pop()) {
    for (const other of namedBy(next)) {
      const key = `${other.file}#${other.name}`
      if (shown.has(key) || reached.has(key)) continue
      reached.set(key, other)
      queue.push(other)
    }
  }
  const text = (all: Iterable<Declared>) =>
    [...all]
      .sort((a, b) => (a.name === b.name ? (a.file < b.file ? -1 : 1) : a.name < b.name ? -1 : 1))
      .map((declared) => `${declared.text.replace(/^export (declare )?/gm, '').replace(/^declare /gm, '')}\n`)
      .join('\n')
  const kinds = names.filter((one) => !values.includes(one))
  return `
// ── ${entry === '.' ? name : `${name}/${entry.slice(2)}`}
// values: ${values.join(', ') || 'none'}
// types: ${kinds.join(', ') || 'none'}
${external.length > 0 ? `// from other packages: ${external.join(', ')}\n` : ''}
${text(shown.values())}${reached.size > 0 ? `\n// Not exported, named by the above.\n\n${text(reached.values())}` : ''}`
}
