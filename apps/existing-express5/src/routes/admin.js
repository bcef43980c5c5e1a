import { Router } from 'express'
import { listUsers, requireRole } from '../auth.js'
import { HttpError } from '../errors.js'
import { logger } from '../logger.js'

const STATUSES = ['pending', 'paid', 'shipped', 'cancelled']

const router = Router()

router.use(requireRole('admin'))

router.get('/users', (_req, res) => {
  res.json({ users: listUsers() })
})

router.get('/orders', async (req, res) => {
  const orders = await req.app.locals.store.listOrders()
  res.set('X-Total-Count', String(orders.length))
  res.json({ orders })
})

router.patch('/orders/:orderId', async (req, res) => {
  const { orderId } = req.params
  const { status } = req.body ?? {}
  if (!STATUSES.includes(status)) {
    throw new HttpError(400, 'VALIDATION_ERROR', `status must be one of ${STATUSES.join(', ')}`)
  }

  const order = await req.app.locals.store.setOrderStatus(orderId, status)
  if (!order) throw new HttpError(404, 'ORDER_NOT_FOUND', `Order ${orderId} not found`)

  logger.info('order status changed', { requestId: req.id, orderId, status, by: req.user.sub })
  res.json(order)
})

export default router
