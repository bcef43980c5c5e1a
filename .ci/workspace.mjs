// `npm start` and `npm test` from nothing but Node 20 and npm: installs what is missing, then hands over to the
// workspace's own Node. Plain JavaScript: the Node that runs this may not know TypeScript.
import { execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
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

/** Installs when the lock file, or what is laid out for it, is not the one that was installed last. */
function install() {
  const stamp = join(root, 'node_modules', '.installed')
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'pnpm-lock.yaml')))
    .digest('hex')
  if (
    existsSync(stamp) &&
    readFileSync(stamp, 'utf8') === lock &&
    existsSync(join(root, 'node_modules', 'node', 'bin', 'node'))
  )
    return
  console.log('installing the workspace (the first time takes a little)')
  const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  execFileSync('npx', ['--yes', packageManager, 'install', '--frozen-lockfile', '--reporter=silent'], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  writeFileSync(stamp, lock)
}
