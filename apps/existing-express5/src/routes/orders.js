import { Router } from 'express'
import { HttpError } from '../errors.js'

const router = Router()

router.get('/', async (req, res) => {
  const orders = await req.app.locals.store.listOrders({ userId: req.user.sub, status: req.query.status })

  res.set('X-Total-Count', String(orders.length))
  res.json({ orders })
})

router.get('/:orderId', async (req, res) => {
  const { orderId } = req.params
  const order = await req.app.locals.store.findOrder(orderId)

  if (!order) throw new HttpError(404, 'ORDER_NOT_FOUND', `Order ${orderId} not found`)
  if (order.userId !== req.user.sub) throw new HttpError(403, 'FORBIDDEN', 'This order belongs to another user')

  res.json(order)
})

router.post('/', async (req, res) => {
  const { store } = req.app.locals
  const { items } = req.body ?? {}

  if (!Array.isArray(items) || items.length === 0) {
    throw new HttpError(400, 'VALIDATION_ERROR', 'items must be a non-empty array')
  }

  let total = 0
  for (const [i, item] of items.entries()) {
    const product = await store.findProduct(item?.sku)
    if (!product) {
      throw new HttpError(400, 'VALIDATION_ERROR', 'Unknown product', { field: `items[${i}].sku` })
    }
    if (!Number.isInteger(item.quantity) || item.quantity < 1) {
      throw new HttpError(400, 'VALIDATION_ERROR', 'quantity must be a positive integer', {
        field: `items[${i}].quantity`,
      })
    }
    total += product.price * item.quantity
  }

  const order = await store.createOrder({
    userId: req.user.sub,
    items: items.map(({ sku, quantity }) => ({ sku, quantity })),
    total,
  })

  res.status(201).location(`${req.baseUrl}/${order.id}`).json(order)
})

export default router
