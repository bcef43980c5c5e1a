import { sqliteStore } from '@countersign/store'
import { localIssuer } from '@countersign/tokens'
import { AUDIENCE, ISSUER } from './mint.ts'

/** One of several processes that refresh the same token at once: sends every refresh token that it was given. */
const [file = '', token = '', times = '1'] = process.argv.slice(2)
const store = sqliteStore(file)
const issuer = localIssuer({ issuer: ISSUER, audience: AUDIENCE, store, refresh: { grace: 60 } })
const answers = await Promise.all(Array.from({ length: Number(times) }, () => issuer.refresh(token)))
process.send?.(answers.map(({ refresh_token }) => refresh_token))
process.disconnect()
await store.close()
