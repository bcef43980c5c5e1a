'use strict'

const { randomUUID } = require('node:crypto')
const express = require('express')
const { HttpError } = require('../errors')

const router = express.Router()

router.param('orderId', (req, _res, next, orderId) => {
  const order = req.app.locals.orders.get(orderId)
  if (!order) return next(new HttpError(404, 'ORDER_NOT_FOUND', `Order ${orderId} not found`))
  req.order = order
  next()
})

router.get('/', (req, res) => {
  const { status } = req.query
  let orders = [...req.app.locals.orders.values()].filter((order) => order.userId === req.user.sub)
  if (status) {
    orders = orders.filter((order) => order.status === status)
  }

  res.set('X-Total-Count', String(orders.length))
  res.json({ orders })
})

router.get('/:orderId', (req, res, next) => {
  if (req.order.userId !== req.user.sub) {
    return next(new HttpError(403, 'FORBIDDEN', 'This order belongs to another user'))
  }
  res.json(req.order)
})

router.post('/', (req, res, next) => {
  const { items } = req.body
  const { products, orders } = req.app.locals

  if (!Array.isArray(items) || items.length === 0) {
    return next(new HttpError(400, 'VALIDATION_ERROR', 'items must be a non-empty array'))
  }

  let total = 0
  for (const [i, item] of items.entries()) {
    const product = products.find((p) => p.sku === item?.sku)
    if (!product) {
      return next(new HttpError(400, 'VALIDATION_ERROR', 'Unknown product', { field: `items[${i}].sku` }))
    }
    if (!Number.isInteger(item.quantity) || item.quantity < 1) {
      return next(
        new HttpError(400, 'VALIDATION_ERROR', 'quantity must be a positive integer', {
          field: `items[${i}].quantity`,
        }),
      )
    }
    total += product.price * item.quantity
  }

  const order = {
    id: randomUUID(),
    userId: req.user.sub,
    items: items.map(({ sku, quantity }) => ({ sku, quantity })),
    total,
    status: 'pending',
    createdAt: new Date().toISOString(),
  }
  orders.set(order.id, order)

  res.status(201).location(`${req.baseUrl}/${order.id}`).json(order)
})

module.exports = router
