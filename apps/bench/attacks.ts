// `npm run attacks`: the attack kit against the libraries and against us, and docs/attacks.md from what they answered.
import { readFileSync, writeFileSync } from 'node:fs'
import { page, sums } from './attack-page.ts'
import { attackAll } from './attack-run.ts'
import { OURS, PEERS, WITH_MORE } from './attack-servers.ts'

const FILE = new URL('../../docs/attacks.md', import.meta.url)
const servers = [...PEERS, ...OURS, ...WITH_MORE]
const results = await attackAll(servers)
const written = page(results)
const before = readOr(FILE, '')
writeFileSync(FILE, written)

const names = [...PEERS, ...OURS].map(({ name }) => name)
for (const [title, ...counts] of sums(results.rows))
  console.log(`${title}: ${counts.map((count, at) => `${names[at]} ${count}`).join(', ')}`)
console.log(before === written ? 'docs/attacks.md is as it was' : 'docs/attacks.md is written anew')

function readOr(file: URL, otherwise: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return otherwise
  }
}
