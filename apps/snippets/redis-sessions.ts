// Tokens and API keys of any number of machines, on one Redis.
// npm i @countersign/store-redis @countersign/tokens @countersign/api-keys
import { apiKeys } from '@countersign/api-keys'
import { redisStore } from '@countersign/store-redis'
import { localIssuer } from '@countersign/tokens'

const store = redisStore(process.env.REDIS_URL ?? 'redis://127.0.0.1:6379', { prefix: process.env.PREFIX ?? 'acme' })
const issuer = 'https://api.acme.com'
const keys = apiKeys({ prefix: 'acme', store })
const own = localIssuer({ issuer, audience: issuer, store })

const { key } = await keys.create({ subject: 'customer-42', scopes: ['orders:read'] })
const { access_token, refresh_token } = await own.issue({ subject: 'user-1' })
console.log(await keys.verify(key), await own.verify(access_token))

const next = await own.refresh(refresh_token as string)
console.log({ rotated: next.refresh_token !== refresh_token })
await store.close()
