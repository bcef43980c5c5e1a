// One of several processes that take from one limit. Usage: worker.ts ADDRESS JOB LIMIT TRIES; prints how many passed.
import { isAuthError } from '@countersign/http'
import { loginLimits, rateLimit } from '../src/index.ts'
import { openLimits } from './open-store.ts'
import { requestFrom } from './request.ts'

const [address, job, most, tries] = process.argv.slice(2) as [string, string, string, string]
const { store, close } = await openLimits(address)
const [limit, window, whenDown] = [Number(most), 600, 'refuse'] as const
const request = requestFrom('192.0.2.1')
const perAddress = rateLimit({ name: 'race', by: 'address', limit, window, store, whenDown })
const logins = loginLimits({
  store,
  perUserAndAddress: { limit, window },
  perAddress: { limit: 1_000, window },
  delay: { after: 1_000 },
})
const jobs: Readonly<Record<string, () => unknown>> = {
  requests: () => perAddress.before?.(request, { dry: false }),
  logins: () => logins.begin('ada', request),
}
await store.peek('warm')

process.once('message', async () => {
  const ruled = await Promise.all(Array.from({ length: Number(tries) }, () => jobs[job]?.()))
  const passed = ruled.filter((one) => one !== undefined && !isAuthError(one)).length
  await close()
  process.send?.(passed, () => process.disconnect())
})
process.send?.('ready')
