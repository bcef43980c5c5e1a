// Bodies that only their two ends can read, whatever stands between: a JWE comes in, a JWE goes out.
// npm i express @countersign/express @countersign/http @countersign/policy @countersign/api-keys @countersign/tokens @countersign/store
import { apiKeys } from '@countersign/api-keys'
import { problems, protect } from '@countersign/express'
import { isAuthError, Refused } from '@countersign/http'
import { apiKey, policy } from '@countersign/policy'
import { sqliteStore } from '@countersign/store'
import { decryptBody, encryptBody } from '@countersign/tokens/encryption'
import express from 'express'

const keys = apiKeys({ prefix: 'clinic', store: sqliteStore(process.env.STORE ?? 'keys.db') })
const clinics = policy({ accept: apiKey(keys), scopes: ['reports:write'] })
const ours = JSON.parse(process.env.OUR_KEY ?? '{}') // a private JWK: {"kty":"EC","crv":"P-256",…}
const theirs = JSON.parse(process.env.THEIR_KEY ?? '{}') // the public JWK of the clinic

const app = express()
app.post('/reports', protect(clinics), express.text({ type: 'application/jose' }), async (req, res) => {
  const opened = await decryptBody(req.body, ours)
  if (isAuthError(opened)) throw new Refused(opened) // 400, which says nothing of the cryptography
  res.type('application/jose').send(await encryptBody({ taken: opened.value }, theirs))
})
app.use(problems())

const { key } = await keys.create({ subject: 'clinic-7', scopes: ['reports:write'] })
console.log(`key: ${key}`)
app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1')
