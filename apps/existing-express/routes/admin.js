'use strict'

const express = require('express')
const { requireRole, listUsers } = require('../auth')
const { HttpError } = require('../errors')
const logger = require('../logger')

const STATUSES = ['pending', 'paid', 'shipped', 'cancelled']

const router = express.Router()

router.use(requireRole('admin'))

router.get('/users', (_req, res) => {
  res.json({ users: listUsers() })
})

router.get('/orders', (req, res) => {
  const orders = [...req.app.locals.orders.values()]
  res.set('X-Total-Count', String(orders.length))
  res.json({ orders })
})

router.patch('/orders/:id', (req, res, next) => {
  const order = req.app.locals.orders.get(req.params.id)
  if (!order) return next(new HttpError(404, 'ORDER_NOT_FOUND', `Order ${req.params.id} not found`))

  const { status } = req.body
  if (!STATUSES.includes(status)) {
    return next(new HttpError(400, 'VALIDATION_ERROR', `status must be one of ${STATUSES.join(', ')}`))
  }

  order.status = status
  logger.info('order status changed', { requestId: req.id, orderId: order.id, status, by: req.user.sub })
  res.json(order)
})

module.exports = router
