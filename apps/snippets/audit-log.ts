// Security events on record: who did what and what was refused, in a file in which changes show.
// npm i @countersign/express @countersign/policy @countersign/audit-log
import { hostname } from 'node:os'
import { auditLog, jsonLines } from '@countersign/audit-log'
import { problems, protect } from '@countersign/express'
import { bearer, policy } from '@countersign/policy'
import express from 'express'

const key = process.env.AUDIT_KEY ?? '' // openssl rand -base64 32
const log = auditLog({
  sink: jsonLines(process.env.AUDIT ?? 'audit.log', { chain: { key } }),
  service: 'orders',
  host: hostname(),
})

const accept = bearer(({ token }) =>
  token === process.env.TOKEN ? { subject: 'ada', scopes: ['orders:read', 'users:manage'] } : undefined,
)
const read = policy({ accept, scopes: ['orders:read'] })
const manage = policy({ accept, scopes: ['users:manage'], conditions: [log.required] }) // not on record: not done

const app = express()
app.get('/orders', protect(read), (_req, res) => void res.json([]))
app.post('/users', protect(manage), (req, res) => {
  log.record({ event: 'user_created', request: req, object: 'user 7' })
  res.status(201).json({ id: 7 })
})
app.use(problems())
const server = app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1')
process.once('SIGTERM', () => server.close(() => log.close()).closeAllConnections())
