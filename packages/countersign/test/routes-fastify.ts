import { inventory, protect } from '@countersign/fastify'
import { bearer, policy } from '@countersign/policy'
import Fastify from 'fastify'

const readers = policy({ name: 'readers', accept: bearer(() => ({ subject: 'x' })), scopes: ['posts:read'] })

export const app = Fastify()
inventory(app, { undeclared: 'ignore' })
app.register(async (scope) => {
  scope.addHook('onRequest', protect(readers))
  scope.get('/posts/:id', async () => ({}))
})

export const unseen = Fastify()
unseen.get('/posts', async () => ({}))
