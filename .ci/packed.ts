// Packs every package as it would be published, checks the tarballs with publint and attw, then installs them in a
// folder outside the workspace and uses them: ESM import, require(), and a type-checked consumer.
import { execFile } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { packages, root } from './packages.ts'

const run = promisify(execFile)
const scratch = mkdtempSync(join(tmpdir(), 'countersign-packed-'))
const tarballs = join(scratch, 'tarballs')
const consumer = join(scratch, 'consumer')
mkdirSync(tarballs)
mkdirSync(consumer)

let passed = 0
let failed = 0
async function check(what: string, work: () => Promise<unknown>): Promise<void> {
  try {
    await work()
    passed++
  } catch (error) {
    failed++
    const { stdout = '', stderr = '', message } = error as Error & { stdout?: string; stderr?: string }
    console.log(`   FAILED ${what}\n${stdout || ''}${stderr || ''}${stdout || stderr ? '' : message}`)
  }
}

const files = new Map<string, string>()
for (const { name, folder } of packages) {
  await check(`pack ${name}`, async () => {
    const { stdout } = await run('pnpm', ['pack', '--json', '--pack-destination', tarballs], { cwd: folder })
    const { filename } = JSON.parse(stdout)
    files.set(name, filename)
  })
}
for (const { name, folder } of packages) {
  await check(`publint ${name}`, () => run('publint', ['--strict', '--pack', 'pnpm'], { cwd: folder }))
  await check(`attw ${name}`, () => run('attw', ['--profile', 'esm-only', files.get(name) ?? ''], { cwd: scratch }))
}

const peers = ['express', '@types/express', 'fastify', 'bcryptjs', 'typescript', '@types/node']
await check('install the tarballs in an empty folder', async () => {
  const { stdout } = await run('pnpm', ['list', '--json', '--depth', '0', '--recursive'], { cwd: root })
  const versions = new Map<string, string>()
  for (const { dependencies = {}, devDependencies = {} } of JSON.parse(stdout)) {
    for (const [name, { version }] of Object.entries<{ version: string }>({ ...dependencies, ...devDependencies }))
      versions.set(name, version)
  }
  const tar = Object.fromEntries([...files].map(([name, file]) => [name, `file:${file}`]))
  writeFileSync(
    join(consumer, 'package.json'),
    JSON.stringify({
      private: true,
      type: 'module',
      dependencies: { ...tar, ...Object.fromEntries(peers.map((name) => [name, versions.get(name) ?? 'latest'])) },
      overrides: tar,
    }),
  )
  await run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: consumer })
})

const entries = packages.flatMap(({ name, entries: all }) =>
  all.map((entry) => (entry === '.' ? name : `${name}/${entry.slice(2)}`)),
)
for (const entry of entries) {
  await check(`import ${entry}`, () =>
    node(
      'module',
      `const m = await import(${JSON.stringify(entry)}); if (Object.keys(m).length === 0) throw new Error('it exports nothing')`,
    ),
  )
  await check(`require ${entry}`, () =>
    node(
      'commonjs',
      `const m = require(${JSON.stringify(entry)}); if (Object.keys(m).length === 0) throw new Error('it exports nothing')`,
    ),
  )
}

const snippets = join(root, 'apps', 'snippets')
for (const resolution of ['nodenext', 'bundler']) {
  await check(`type-check a consumer under ${resolution}`, async () => {
    writeFileSync(
      join(consumer, 'consumer.ts'),
      entries.map((entry, at) => `import * as m${at} from '${entry}'\nvoid m${at}`).join('\n'),
    )
    const sources = readdirSync(snippets, { recursive: true, encoding: 'utf8' }).filter(
      (file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && !file.includes('node_modules'),
    )
    for (const file of sources) {
      mkdirSync(join(consumer, 'snippets', file, '..'), { recursive: true })
      copyFileSync(join(snippets, file), join(consumer, 'snippets', file))
    }
    writeFileSync(
      join(consumer, 'tsconfig.json'),
      JSON.stringify({
        compilerOptions: {
          target: 'es2023',
          module: resolution === 'nodenext' ? 'nodenext' : 'esnext',
          moduleResolution: resolution,
          types: ['node'],
          strict: true,
          skipLibCheck: false,
          allowImportingTsExtensions: true,
          noEmit: true,
        },
        include: ['consumer.ts', 'snippets'],
      }),
    )
    await run(join(consumer, 'node_modules', '.bin', 'tsc'), ['--project', '.'], { cwd: consumer })
  })
}

console.log(`   packed: ${files.size} packages, ${entries.length} entries`)
rmSync(scratch, { recursive: true, force: true })
console.log(`${passed} passed, ${failed} failed`)
process.exit(failed > 0 ? 1 : 0)

function node(type: 'module' | 'commonjs', code: string) {
  return run(process.execPath, [`--input-type=${type}`, '--eval', code], { cwd: consumer })
}
