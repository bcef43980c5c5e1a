import { randomUUID } from 'node:crypto'
import { protect } from '@countersign/express'
import cors from 'cors'
import express from 'express'
import helmet from 'helmet'
import morgan from 'morgan'
import { login, signedIn } from './auth.js'
import { errorHandler, notFound } from './errors.js'
import { logger } from './logger.js'
import adminRouter from './routes/admin.js'
import ordersRouter from './routes/orders.js'
import { createStore } from './store.js'

const allowedOrigins = (process.env.CORS_ORIGINS ?? 'http://localhost:3000,http://localhost:5173').split(',')

export function createApp({ store = createStore() } = {}) {
  const app = express()

  app.locals.store = store

  app.use((req, res, next) => {
    req.id = req.get('X-Request-Id') || randomUUID()
    res.set('X-Request-Id', req.id)
    next()
  })
  app.use(morgan('tiny', { stream: { write: (line) => logger.info(line.trim()) } }))
  app.use(helmet())
  app.use(
    cors({
      origin: allowedOrigins,
      credentials: true,
      exposedHeaders: ['X-Request-Id', 'X-Total-Count', 'Location'],
      maxAge: 600,
    }),
  )
  app.use(express.json({ limit: '100kb' }))

  app.get('/health', (_req, res) => {
    res.json({ status: 'ok', uptime: process.uptime() })
  })
  app.post('/login', login)
  app.get('/api/products', async (req, res) => {
    res.json({ products: await req.app.locals.store.listProducts() })
  })
  app.use('/api', protect(signedIn, { refusals: 'throw' }), (req, _res, next) => {
    req.user = signedIn.principal(req).claims
    next()
  })
  app.use('/api/orders', ordersRouter)
  app.use('/api/admin', adminRouter)

  app.use(notFound)
  app.use(errorHandler)

  return app
}
