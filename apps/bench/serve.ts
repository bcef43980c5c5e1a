// A candidate as a process: `node serve.ts express-jwt`, its settings as JSON in the environment variable SETTINGS.
// Prints `listening on URL`; SIGTERM ends it. Over IPC it tells its URL, and answers `cpu` with what it has used.
import { CANDIDATES } from './candidates.ts'
import { DEPTH_CANDIDATES } from './depth-candidates.ts'
import type { Running, Start } from './peers/peer.ts'

export interface Listening {
  readonly url: string
  readonly apiKey?: string
}
/** Microseconds of CPU, all threads, since the process began. */
export type CpuAnswer = { readonly cpu: number }

const name = process.argv[2] ?? ''
if (![CANDIDATES, DEPTH_CANDIDATES].some((known) => Object.hasOwn(known, name))) {
  console.error(`usage: node serve.ts ${Object.keys({ ...CANDIDATES, ...DEPTH_CANDIDATES }).join(' | ')}`)
  process.exit(2)
}
const { start } = (await import(`./peers/${name}.ts`)) as { start: Start }
const running: Running = await start(JSON.parse(process.env.SETTINGS ?? '{}'))
process.on('message', () => {
  tell().catch((error: Error) => process.send?.({ kind: 'failed', why: error.message }))
})
/** What is left to do of requests that were answered counts too: a log that is written later is not free. */
async function tell(): Promise<void> {
  await running.settle?.()
  const { user, system } = process.cpuUsage()
  process.send?.({ cpu: user + system } satisfies CpuAnswer)
}
process.on('disconnect', () => process.exit())
process.on('SIGTERM', () => running.close().then(() => process.exit()))
const { url, apiKey } = running
console.log(`listening on ${url}`)
process.send?.({ url, ...(apiKey !== undefined && { apiKey }) } satisfies Listening)
