// @fastify/http-proxy 11, README "Example": it hands on what comes.
import proxy from '@fastify/http-proxy'
import Fastify from 'fastify'
import { listenFastify, type Start } from './peer.ts'

export const start: Start = ({ upstream }) => {
  const app = Fastify()
  app.register(proxy, { prefix: '/posts', rewritePrefix: '/posts', upstream: upstream as string })
  return listenFastify(app)
}
