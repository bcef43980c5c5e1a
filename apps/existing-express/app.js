'use strict'

const { randomUUID } = require('node:crypto')
const { protect } = require('@countersign/express')
const cors = require('cors')
const express = require('express')
const helmet = require('helmet')
const morgan = require('morgan')
const { login, signedIn } = require('./auth')
const { notFound, errorHandler } = require('./errors')
const logger = require('./logger')
const adminRouter = require('./routes/admin')
const ordersRouter = require('./routes/orders')

const allowedOrigins = (process.env.CORS_ORIGINS || 'http://localhost:3000,http://localhost:5173').split(',')

const products = [
  { sku: 'MUG-01', name: 'Coffee mug', price: 1200 },
  { sku: 'TEE-01', name: 'T-shirt', price: 2500 },
  { sku: 'CAP-01', name: 'Cap', price: 1800 },
]

function seedOrders() {
  return new Map(
    [
      {
        id: 'o-1001',
        userId: 'u1',
        items: [{ sku: 'MUG-01', quantity: 2 }],
        total: 2400,
        status: 'paid',
        createdAt: '2025-01-14T09:12:00.000Z',
      },
      {
        id: 'o-1002',
        userId: 'u1',
        items: [{ sku: 'TEE-01', quantity: 1 }],
        total: 2500,
        status: 'pending',
        createdAt: '2025-02-02T16:40:00.000Z',
      },
      {
        id: 'o-1003',
        userId: 'u2',
        items: [{ sku: 'CAP-01', quantity: 1 }],
        total: 1800,
        status: 'shipped',
        createdAt: '2025-02-03T11:05:00.000Z',
      },
    ].map((order) => [order.id, order]),
  )
}

function createApp() {
  const app = express()

  app.locals.products = products
  app.locals.orders = seedOrders()

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
  app.get('/api/products', (req, res) => {
    res.json({ products: req.app.locals.products })
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

module.exports = { createApp }
