// `npm start` and `npm test` from nothing but Node 20 and npm: installs what is missing, then hands over to the
// workspace's own Node. Plain JavaScript: the Node that runs this may not know TypeScript.
import { spawn } from 'node:child_process'
import { delimiter, join } from 'node:path'
import { install, root } from './install.mjs'

const TASKS = { start: 'apps/express/start.ts', test: '.ci/test.ts' }

const [name, ...rest] = process.argv.slice(2)
if (!TASKS[name]) {
  console.error(`usage: npm run ${Object.keys(TASKS).join(' | npm run ')}`)
  process.exit(2)
}
if (Number(process.versions.node.split('.')[0]) < 20) {
  console.error(`this needs Node 20 or newer to begin with, and this is ${process.versions.node}`)
  process.exit(1)
}

install()
const bin = join(root, 'node_modules', '.bin')
const node = join(root, 'node_modules', 'node', 'bin', 'node')
const child = spawn(node, [join(root, TASKS[name]), ...rest], {
  cwd: root,
  stdio: 'inherit',
  env: {
    ...process.env,
    PATH: `${bin}${delimiter}${process.env.PATH}`,
    NODE_NO_WARNINGS: '1',
    TURBO_TELEMETRY_DISABLED: '1',
    DO_NOT_TRACK: '1',
  },
})
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal))
child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' || signal === 'SIGTERM' ? 0 : 1)))
