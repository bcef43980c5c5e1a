import { protect } from '@countersign/fastify'
import type { FastifyPluginAsync } from 'fastify'
import { AppError } from '../plugins/errors.ts'
import type { OrderLine } from '../plugins/store.ts'
import adminRoutes from './admin.ts'

const security = [{ bearerAuth: [] }]

const privateRoutes: FastifyPluginAsync = async (app) => {
  app.addHook('onRequest', protect(app.signedIn, { refusals: 'throw' }))
  app.addHook('onRequest', async (request) => Object.assign(request, { user: app.signedIn.principal(request).claims }))

  app.get(
    '/me',
    {
      schema: {
        tags: ['auth'],
        security,
        response: { 200: { $ref: 'User#' }, 401: { $ref: 'Error#' } },
      },
    },
    async (request) => {
      const { sub, username, roles } = request.user
      return { id: sub, username, roles }
    },
  )

  app.get(
    '/orders',
    {
      schema: {
        tags: ['orders'],
        summary: 'Orders of the logged in customer',
        security,
        response: { 200: { type: 'array', items: { $ref: 'Order#' } }, 401: { $ref: 'Error#' } },
      },
    },
    async (request) => app.store.orders.filter((order) => order.customerId === request.user.sub),
  )

  app.get<{ Params: { id: string } }>(
    '/orders/:id',
    {
      schema: {
        tags: ['orders'],
        security,
        params: { type: 'object', properties: { id: { type: 'string' } } },
        response: {
          200: { $ref: 'Order#' },
          401: { $ref: 'Error#' },
          403: { $ref: 'Error#' },
          404: { $ref: 'Error#' },
        },
      },
    },
    async (request) => {
      const order = app.store.orders.find((o) => o.id === request.params.id)
      if (!order) throw new AppError(404, 'Order not found')
      if (order.customerId !== request.user.sub) throw new AppError(403, 'Not your order')
      return order
    },
  )

  app.post<{ Body: { lines: OrderLine[] } }>(
    '/orders',
    {
      schema: {
        tags: ['orders'],
        security,
        body: {
          type: 'object',
          required: ['lines'],
          properties: { lines: { type: 'array', minItems: 1, items: { $ref: 'OrderLine#' } } },
        },
        response: { 201: { $ref: 'Order#' }, 400: { $ref: 'Error#' }, 401: { $ref: 'Error#' } },
      },
    },
    async (request, reply) => {
      const order = app.store.addOrder(request.user.sub, request.body.lines)
      request.log.info({ orderId: order.id, customerId: order.customerId }, 'order created')
      return reply.code(201).send(order)
    },
  )

  await app.register(adminRoutes, { prefix: '/admin' })
}

export default privateRoutes
