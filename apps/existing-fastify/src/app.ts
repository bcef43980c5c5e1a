import cors from '@fastify/cors'
import Fastify, { type FastifyServerOptions } from 'fastify'
import authPlugin from './plugins/auth.ts'
import errorsPlugin from './plugins/errors.ts'
import storePlugin from './plugins/store.ts'
import swaggerPlugin from './plugins/swagger.ts'
import privateRoutes from './routes/private.ts'
import publicRoutes from './routes/public.ts'
import { schemas } from './schemas.ts'

export async function buildApp(opts: FastifyServerOptions = {}) {
  const app = Fastify({
    ...opts,
    requestIdHeader: 'x-request-id',
  })

  await app.register(cors, {
    origin: (process.env.CORS_ORIGIN ?? 'http://localhost:4200').split(','),
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    allowedHeaders: ['Authorization', 'Content-Type'],
    exposedHeaders: ['X-Request-Id'],
    credentials: true,
    maxAge: 3600,
  })

  app.addHook('onSend', async (request, reply) => {
    reply.header('X-Request-Id', request.id)
  })

  for (const schema of schemas) app.addSchema(schema)

  await app.register(errorsPlugin)
  await app.register(swaggerPlugin)
  await app.register(authPlugin)
  await app.register(storePlugin)

  await app.register(publicRoutes)
  await app.register(privateRoutes)

  await app.ready()
  return app
}
