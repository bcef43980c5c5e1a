// One store for everything that needs one, and its verbs on their own.
// npm i @countersign/store @countersign/tokens @countersign/api-keys
import { apiKeys } from '@countersign/api-keys'
import { sqliteStore } from '@countersign/store'
import { localIssuer } from '@countersign/tokens'

const store = sqliteStore(process.env.STORE ?? 'auth.db')
const issuer = 'https://api.acme.com'
const keys = apiKeys({ prefix: 'acme', store })
const own = localIssuer({ issuer, audience: issuer, store })

const { key } = await keys.create({ subject: 'customer-42', scopes: ['orders:read'] })
const { access_token } = await own.issue({ subject: 'user-1' })
console.log(await keys.verify(key), await own.verify(access_token))

// Two writes or none, only if nobody was faster.
const turn = () => {
  const entry = store.get('stock:42')
  return store.commit([
    { key: 'stock:42', value: `${Number(entry?.value ?? 10) - 1}`, expected: entry?.version ?? null },
    { key: 'order:7', value: 'one of 42', expected: null },
  ])
}
console.log({ first: turn(), second: turn(), left: store.get('stock:42')?.value })
store.close()
