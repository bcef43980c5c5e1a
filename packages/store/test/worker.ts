// One of several processes on the same store. Usage: worker.ts ADDRESS JOB ROUNDS; says what it did on standard output.
import { writeSync } from 'node:fs'
import { openStore } from './open.ts'

const [address, job, rounds] = process.argv.slice(2) as [string, string, string]
// waiting for the others must be enough: `Unavailable` ends the process with an error
const store = openStore(address, { timeout: 10_000 })

const jobs: Readonly<Record<string, (round: number) => unknown>> = {
  take: async (round) => (await store.getAndDelete(`code:${round}`)) !== undefined,
  claim: (round) => store.commit([{ key: `claim:${round}`, value: `${process.pid}`, expected: null }]),
  // all of them expect the version that all were shown
  replace: (round) => store.commit([{ key: `row:${round}`, value: `${process.pid}`, expected: versions[round]! }]),
  count: async () => {
    for (;;) {
      const entry = await store.get('count')
      const value = `${Number(entry?.value ?? 0) + 1}`
      if (await store.commit([{ key: 'count', value, expected: entry?.version ?? null }])) return true
    }
  },
  // two keys that must change together
  move: async (round) => {
    for (;;) {
      const [from, to] = [(await store.get('from'))!, (await store.get('to'))!]
      const writes = [
        { key: 'from', value: `${Number(from.value) - round}`, expected: from.version },
        { key: 'to', value: `${Number(to.value) + round}`, expected: to.version },
      ]
      if (await store.commit(writes)) return true
    }
  },
  write: (round) => store.commit([{ key: `w:${process.pid}:${round}`, value: 'x'.repeat(500) }]),
  // the same three keys by all, so that their order can be seen
  sequence: (round) => store.commit([{ key: `s:${process.pid}:${round % 3}`, value: `${round}` }]),
}

const versions: string[] = []
if (job === 'replace') {
  for (let round = 0; round < Number(rounds); round++) versions.push((await store.get(`row:${round}`))!.version)
} else await store.get('warm')
process.once('message', async () => {
  for (let round = 0; round < Number(rounds); round++) {
    if (await jobs[job]!(round)) writeSync(1, job === 'write' ? `w:${process.pid}:${round}\n` : `${round}\n`)
  }
  await store.close()
  process.disconnect()
})
process.send!('ready')
