// Writes events until it is killed: FILE KEYFILE.
import { readFileSync } from 'node:fs'
import { auditLog, jsonLines } from '../src/index.ts'

const [, , file = '', keyFile = ''] = process.argv
const key = readFileSync(keyFile, 'utf8').trim()
const log = auditLog({ sink: jsonLines(file, { chain: { key } }), service: 'orders' })
for (;;) {
  for (let at = 0; at < 1000; at++) log.record({ event: 'user_created', object: 'x'.repeat(200) })
  await log.flush()
  process.stdout.write('.')
}
