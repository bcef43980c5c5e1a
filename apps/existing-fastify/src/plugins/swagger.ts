import swagger from '@fastify/swagger'
import fp from 'fastify-plugin'

export default fp(
  async (app) => {
    await app.register(swagger, {
      openapi: {
        openapi: '3.0.3',
        info: { title: 'Order service', version: '0.9.2' },
        tags: [{ name: 'auth' }, { name: 'orders' }, { name: 'admin' }],
        components: {
          securitySchemes: {
            bearerAuth: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
          },
        },
      },
      refResolver: {
        buildLocalReference(json, _baseUri, _fragment, i) {
          return typeof json.$id === 'string' ? json.$id : `def-${i}`
        },
      },
    })
  },
  { name: 'swagger' },
)
