// One of several processes of an application, on one store.
import { oauthClient, storeSession } from '@countersign/oauth-client'
import { policy } from '@countersign/policy'
import { sqliteStore } from '@countersign/store'
import { testClock } from '@countersign/testing'
import { HOSTS } from './hosts.ts'
import { APP, CLIENT } from './real-provider.ts'

const [file = '', issuer = '', secret = ''] = process.argv.slice(2)
const clock = testClock()
const store = sqliteStore(file, { clock })
const login = oauthClient({
  provider: { issuer },
  clientId: CLIENT.id,
  clientSecret: CLIENT.secret,
  redirectUri: `${APP}/callback`,
  session: storeSession({ store, secret }),
  offline: true,
  clock,
})
const app = await (HOSTS.node as (typeof HOSTS)[string])(login, policy({ accept: login.session }))
process.on('message', (seconds) => {
  clock.advance(seconds as number)
  process.send?.('advanced')
})
process.on('disconnect', async () => {
  await app.close()
  await store.close()
})
process.send?.(app.port)
