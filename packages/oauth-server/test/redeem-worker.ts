// A process of its own with the authorization server on a shared store: redeems what it is sent, many times at once.
import { openStore } from '../../store/test/open.ts'
import { redeem, running } from './flow.ts'

const [address, issuer, times] = process.argv.slice(2) as [string, string, string]
const at = await running({ store: openStore(address, { timeout: 60_000 }) }, { issuer })
process.on('message', async (code: Parameters<typeof redeem>[1]) => {
  const all = await Promise.all(Array.from({ length: Number(times) }, () => redeem(at, code)))
  process.send?.(all.map(({ status, body }) => (status === 200 ? body.access_token : `${status} ${body.error}`)))
})
process.on('disconnect', () => process.exit(0))
process.send?.('ready')
