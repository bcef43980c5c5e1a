// One cell of the matrix: the unit tests, every host and every snippet, on the Node that runs this file, with the Express
// that is asked for: with 4, hosts, snippets, migrated servers and unit tests all load Express 4 (vitest.config.ts and
// apps/snippets/express4.mjs see to it, and tests that they did); whatever needs 5 says so when it is run. `node .ci/matrix.mjs --express 4 --fastify 5`
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { install, root } from './install.mjs'

const { values } = parseArgs({
  options: { express: { type: 'string', default: '5' }, fastify: { type: 'string', default: '5' } },
})
install()
const versions = {
  express: versionOf(values.express === '4' ? 'express4' : 'express', 'express'),
  fastify: versionOf('fastify', 'fastify'),
}
for (const [name, version] of Object.entries(versions)) {
  if (version.split('.')[0] === values[name]) continue
  console.error(`the workspace has ${name} ${version}, and ${values[name]} is asked for`)
  process.exit(2)
}
console.log(`Node ${process.versions.node}, Express ${versions.express}, Fastify ${versions.fastify}`)

// The workspace brings a Node of its own in node_modules/.bin: this one goes before it, for whoever asks the path.
const path = [dirname(process.execPath), join(root, 'node_modules', '.bin'), process.env.PATH]
const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs')
const { status } = spawnSync(process.execPath, [vitest, 'run', '--project=packages', '--project=hosts'], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, PATH: path.join(delimiter), EXPRESS: values.express, NODE_NO_WARNINGS: '1' },
})
process.exit(status ?? 1)

/** As apps/FOLDER has it installed. */
function versionOf(name, folder) {
  const file = join(root, 'apps', folder, 'node_modules', name, 'package.json')
  return JSON.parse(readFileSync(file, 'utf8')).version
}
