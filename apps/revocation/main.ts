// `npm run demo:revoke`: three processes share a store; a token is revoked on one; how soon do the others refuse it?
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createConnection } from 'node:net'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { figure } from './figure.ts'
import { page, type Result, type Results } from './page.ts'
import { spread } from './spread.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '200' },
    quick: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  },
})
if (values.help) {
  console.log('usage: npm run demo:revoke [-- --rounds N | --quick]\n  --quick  five rounds, and nothing is written')
  process.exit()
}
const rounds = values.quick ? 5 : Number(values.rounds)
const folder = mkdtempSync(join(tmpdir(), 'countersign-revoke-'))
const STORES = [
  ['Redis', process.env.REDIS_URL || 'redis://127.0.0.1:6379/?prefix=revoke-demo'],
  ['PostgreSQL', process.env.DATABASE_URL || 'postgres://postgres@127.0.0.1:5432/test'],
  ['SQLite', `sqlite:${join(folder, 'demo.db')}`],
] as const

const stores: Result[] = []
for (const [name, address] of STORES) {
  if (!(await answers(address))) {
    console.warn(`!!! ${name} does not answer at its port and is LEFT OUT: \`docker compose up -d\` brings it`)
    continue
  }
  const results = await spread(address, rounds, (round) =>
    process.stderr.write(`\r${name}: ${round} of ${rounds} rounds `),
  )
  process.stderr.write('\n')
  const refused = results.flatMap((one) => one.refused).toSorted((a, b) => a - b)
  stores.push({ name, refused, written: results.map(({ written }) => written).toSorted((a, b) => a - b) })
}
const cost = [0, 1_000, 1_000_000].map((live) => {
  process.stderr.write(`${live.toLocaleString('en')} revocations in force\n`)
  return JSON.parse(
    execFileSync(process.execPath, [fileURLToPath(new URL('cost.ts', import.meta.url)), `${live}`], {
      encoding: 'utf8',
    }),
  )
})
rmSync(folder, { recursive: true })

const results: Results = {
  date: new Date().toISOString().slice(0, 10),
  machine: `${cpus()[0]?.model.trim()}, ${cpus().length} cores, Node ${process.versions.node}`,
  rounds,
  stores,
  cost,
}
const text = page(results)
console.log(
  text
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .join('\n'),
)
if (!values.quick) {
  const docs = fileURLToPath(new URL('../../docs/', import.meta.url))
  const short = {
    ...results,
    stores: stores.map((one) => ({ ...one, refused: one.refused.map(round3), written: one.written.map(round3) })),
  }
  writeFileSync(`${docs}revocation.json`, `${JSON.stringify(short)}\n`)
  writeFileSync(`${docs}revocation.md`, text)
  writeFileSync(`${docs}revocation.svg`, figure(results))
  console.log('\nwritten to docs/revocation.md, .svg and .json')
}

function round3(value: number): number {
  return Math.round(value * 1000) / 1000
}

function answers(address: string): Promise<boolean> {
  if (address.startsWith('sqlite:')) return Promise.resolve(true)
  const { hostname, port } = new URL(address)
  return new Promise((resolve) => {
    const socket = createConnection({ host: hostname, port: Number(port) }, () => {
      socket.destroy()
      resolve(true)
    }).on('error', () => resolve(false))
  })
}
