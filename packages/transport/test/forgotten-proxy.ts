// A process of its own that forgot to trust its proxy: what it says on stderr is what an operator sees.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { protect } from '@countersign/express'
import { publicRoute } from '@countersign/policy'
import express from 'express'
import { httpsOnly } from '../src/index.ts'

const app = express()
app.use(protect(publicRoute({ conditions: [httpsOnly({ origin: 'https://api.acme.com' })] })))
const server = createServer(app).listen(0, '127.0.0.1', async () => {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const statuses = []
  for (let times = 0; times < 3; times++)
    statuses.push((await fetch(url, { headers: { 'x-forwarded-proto': 'https' } })).status)
  console.log(statuses.join(' '))
  server.closeAllConnections()
  server.close()
})
