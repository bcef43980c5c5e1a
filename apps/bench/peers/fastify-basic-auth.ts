// @fastify/basic-auth 6, README "Usage".
import basicAuth from '@fastify/basic-auth'
import Fastify from 'fastify'
import { USER } from '../settings.ts'
import { listenFastify, POSTS, type Start } from './peer.ts'

export const start: Start = async () => {
  const app = Fastify()
  await app.register(basicAuth, {
    authenticate: { realm: 'api' },
    validate(username, password, _request, _reply, done) {
      if (username === USER.username && password === USER.password) done()
      else done(new Error('wrong'))
    },
  })
  app.addHook('onRequest', app.basicAuth)
  app.get('/posts', async () => POSTS)
  return listenFastify(app)
}
