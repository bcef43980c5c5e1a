import type { FastifyPluginAsync } from 'fastify'
import { AppError } from '../plugins/errors.ts'

const publicRoutes: FastifyPluginAsync = async (app) => {
  app.get(
    '/health',
    {
      schema: {
        response: { 200: { type: 'object', properties: { status: { type: 'string' } } } },
      },
    },
    async () => ({ status: 'ok' }),
  )

  app.post<{ Body: { username: string; password: string } }>(
    '/login',
    {
      schema: {
        tags: ['auth'],
        summary: 'Exchange username and password for an access token',
        body: {
          type: 'object',
          required: ['username', 'password'],
          properties: { username: { type: 'string' }, password: { type: 'string' } },
        },
        response: {
          200: {
            type: 'object',
            properties: { accessToken: { type: 'string' }, tokenType: { type: 'string' } },
          },
          401: { $ref: 'Error#' },
        },
      },
    },
    async (request) => {
      const user = await app.store.checkPassword(request.body.username, request.body.password)
      if (!user) throw new AppError(401, 'Invalid username or password')

      const accessToken = app.jwt.sign({ sub: user.id, username: user.username, roles: user.roles })
      return { accessToken, tokenType: 'Bearer' }
    },
  )

  app.get('/documentation/json', { schema: { hide: true } }, async () => app.swagger())
}

export default publicRoutes
