// One of several processes on the same file. Usage: worker.ts FILE JOB ROUNDS; says what it did on standard output.
import { writeSync } from 'node:fs'
import { sqliteStore } from '../src/index.ts'

const [file, job, rounds] = process.argv.slice(2) as [string, string, string]
// waiting for the lock must be enough: `Unavailable` ends the process with an error
const store = sqliteStore(file, { timeout: 10_000 })

const jobs: Readonly<Record<string, (round: number) => unknown>> = {
  take: (round) => store.getAndDelete(`code:${round}`) !== undefined,
  claim: (round) => store.commit([{ key: `claim:${round}`, value: `${process.pid}`, expected: null }]),
  count: () => {
    for (;;) {
      const entry = store.get('count')
      const value = `${Number(entry?.value ?? 0) + 1}`
      if (store.commit([{ key: 'count', value, expected: entry?.version ?? null }])) return true
    }
  },
  // two keys that must change together
  move: (round) => {
    for (;;) {
      const [from, to] = [store.get('from')!, store.get('to')!]
      const writes = [
        { key: 'from', value: `${Number(from.value) - round}`, expected: from.version },
        { key: 'to', value: `${Number(to.value) + round}`, expected: to.version },
      ]
      if (store.commit(writes)) return true
    }
  },
  write: (round) => store.commit([{ key: `w:${process.pid}:${round}`, value: 'x'.repeat(500) }]),
}

process.once('message', () => {
  for (let round = 0; round < Number(rounds); round++) {
    if (jobs[job]!(round)) writeSync(1, job === 'write' ? `w:${process.pid}:${round}\n` : `${round}\n`)
  }
  store.close()
  process.disconnect()
})
process.send!('ready')
