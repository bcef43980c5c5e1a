// What comes along with each package: a bill of materials, licences that everybody can take, no script that runs on install.
import { globSync, mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LICENCES } from './licences.ts'
import { type Package, packages, root } from './packages.ts'
import { type Bill, billsOf } from './sbom.ts'
import { check, close, must } from './tally.ts'

/** They run while somebody installs. `prepare` does not, for what comes from a registry. */
const SCRIPTS = ['preinstall', 'install', 'postinstall']

const bills = await billsOf(mkdtempSync(join(tmpdir(), 'countersign-supply-')))
const seen = new Set<string>()
for (const one of packages) {
  await check(`bill of ${one.name}`, () => billIsWhole(one))
  const { components = [] } = billOf(one) ?? {}
  for (const { name, version, licence } of components) {
    if (seen.has(`${name}@${version}`)) continue
    seen.add(`${name}@${version}`)
    await check(`licence of ${name}@${version}`, () =>
      must(
        licence !== undefined && LICENCES.includes(licence),
        `${name}@${version}, which ${one.name} brings along, is under ${licence ?? 'no licence'}: not one of ${LICENCES.join(', ')}`,
      ),
    )
    await check(`scripts of ${name}@${version}`, () => noScripts(manifestOf(name, version), one.name))
  }
  await check(`scripts of ${one.name}`, () => noScripts(one.manifest, one.name))
}
console.log(`   ${bills.length} bills of materials, ${seen.size} packages come along`)
close()

function billOf({ name }: Package): Bill | undefined {
  return bills.find((bill) => bill.name === name)
}

/** A bill that leaves out a dependency says nothing. */
function billIsWhole(one: Package): void {
  const bill = billOf(one)
  must(bill, `there is none`)
  must(bill.format === 'CycloneDX', `it is ${bill.format}`)
  const { dependencies = {} } = one.manifest as { dependencies?: Record<string, string> }
  const missing = Object.keys(dependencies).filter((name) => !bill.components.some((other) => other.name === name))
  must(missing.length === 0, `it does not list ${missing.join(', ')}`)
}

function noScripts(manifest: Readonly<Record<string, unknown>>, through: string): void {
  const scripts = Object.entries((manifest.scripts ?? {}) as Record<string, string>)
  const found = scripts.filter(([name]) => SCRIPTS.includes(name))
  const all = found.map(([name, line]) => `${name}: ${line}`)
  must(all.length === 0, `${manifest.name}, which ${through} brings along, runs on install: ${all.join('; ')}`)
}

function manifestOf(name: string, version: string): Readonly<Record<string, unknown>> {
  const ours = packages.find((one) => one.name === name)
  if (ours) return ours.manifest
  const [file] = globSync(
    `node_modules/.pnpm/${name.replace('/', '+')}@${version}*/node_modules/${name}/package.json`,
    {
      cwd: root,
    },
  )
  must(file, `${name}@${version} is not installed`)
  return JSON.parse(readFileSync(join(root, file), 'utf8'))
}
