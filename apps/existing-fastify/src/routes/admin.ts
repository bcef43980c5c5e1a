import type { FastifyPluginAsync } from 'fastify'
import { AppError } from '../plugins/errors.ts'
import type { Order } from '../plugins/store.ts'

const security = [{ bearerAuth: [] }]

const adminRoutes: FastifyPluginAsync = async (app) => {
  // runs after the onRequest hook of the private routes
  app.addHook('onRequest', app.requireRole('admin'))

  app.get(
    '/users',
    {
      schema: {
        tags: ['admin'],
        security,
        response: {
          200: { type: 'array', items: { $ref: 'User#' } },
          401: { $ref: 'Error#' },
          403: { $ref: 'Error#' },
        },
      },
    },
    async () => app.store.users,
  )

  app.get<{ Querystring: { state?: Order['state'] } }>(
    '/orders',
    {
      schema: {
        tags: ['admin'],
        security,
        querystring: {
          type: 'object',
          properties: { state: { type: 'string', enum: ['open', 'confirmed', 'delivered', 'cancelled'] } },
        },
        response: {
          200: { type: 'array', items: { $ref: 'Order#' } },
          401: { $ref: 'Error#' },
          403: { $ref: 'Error#' },
        },
      },
    },
    async (request) => {
      const { state } = request.query
      return state ? app.store.orders.filter((order) => order.state === state) : app.store.orders
    },
  )

  app.patch<{ Params: { id: string }; Body: { state: Order['state'] } }>(
    '/orders/:id',
    {
      schema: {
        tags: ['admin'],
        security,
        params: { type: 'object', properties: { id: { type: 'string' } } },
        body: {
          type: 'object',
          required: ['state'],
          properties: { state: { type: 'string', enum: ['open', 'confirmed', 'delivered', 'cancelled'] } },
        },
        response: {
          200: { $ref: 'Order#' },
          400: { $ref: 'Error#' },
          401: { $ref: 'Error#' },
          403: { $ref: 'Error#' },
          404: { $ref: 'Error#' },
        },
      },
    },
    async (request) => {
      const order = app.store.orders.find((o) => o.id === request.params.id)
      if (!order) throw new AppError(404, 'Order not found')
      order.state = request.body.state
      return order
    },
  )
}

export default adminRoutes
