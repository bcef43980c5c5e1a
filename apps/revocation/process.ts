// One of the processes behind a load balancer. Told what to do by its parent, over IPC.
import type { Principal } from '@countersign/http'
import { localIssuer } from '@countersign/tokens'
import { openStore } from '@sample/domain/store'

const [address, name] = process.argv.slice(2) as [string, string]
const store = openStore(address)
const own = localIssuer({ issuer: `https://${name}.test`, audience: `https://${name}.test`, store, lifetime: 3600 })

export type Order =
  | { readonly do: 'issue' }
  | { readonly do: 'revoke'; readonly token: string }
  | { readonly do: 'watch'; readonly token: string }
  | { readonly do: 'close' }
/** Times are nanoseconds of the machine's monotonic clock, which all processes read alike. */
export type Reply =
  | { readonly done: 'issue'; readonly token: string }
  | { readonly done: 'revoke'; readonly from: string; readonly to: string }
  | { readonly done: 'watching' }
  | { readonly done: 'refused'; readonly at: string }

const now = () => `${process.hrtime.bigint()}`
const tell = (reply: Reply) => process.send?.(reply)

process.on('message', async (order: Order) => {
  if (order.do === 'issue') return tell({ done: 'issue', token: (await own.issue({ subject: 'ada' })).access_token })
  if (order.do === 'close') {
    await store.close()
    return process.disconnect()
  }
  const principal = await own.verify(order.token)
  if (order.do === 'watch') return watch(order.token)
  const from = now()
  await own.revoke(principal as Principal)
  tell({ done: 'revoke', from, to: now() })
})

/** Judges the token again and again, as requests would, until it is refused. Waits like a server between two requests. */
async function watch(token: string): Promise<void> {
  tell({ done: 'watching' })
  for (;;) {
    const judged = await own.verify(token)
    if (judged && 'code' in judged) return void tell({ done: 'refused', at: now() })
    await new Promise((done) => setTimeout(done, 1))
  }
}
await own.jwks()
tell({ done: 'watching' })
