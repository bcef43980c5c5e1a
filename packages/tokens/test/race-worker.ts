// One of several processes that refresh the same token at once, round after round. Usage: race-worker.ts ADDRESS TIMES.
// Gets a refresh token, refreshes it so many times at once, and sends what it was given.
import { localIssuer } from '@countersign/tokens'
import { openStore } from '../../store/test/open.ts'
import { AUDIENCE, ISSUER } from './mint.ts'

const [address, times] = process.argv.slice(2) as [string, string]
const store = openStore(address, { timeout: 10_000 })
const issuer = localIssuer({ issuer: ISSUER, audience: AUDIENCE, store, refresh: { grace: 60 } })
process.on('message', async (token: string) => {
  const answers = await Promise.all(Array.from({ length: Number(times) }, () => issuer.refresh(token)))
  process.send!(answers.map(({ refresh_token }) => refresh_token))
})
process.once('disconnect', () => store.close())
await issuer.jwks() // the keys are there, and the store is open
process.send!('ready')
