// The gateway of the README of gateway, on Fastify 5 with @fastify/http-proxy: its identities are signed with Ed25519.
import { problems, protect } from '@countersign/fastify'
import { type ForwardedIdentityOptions, forwardedIdentity } from '@countersign/gateway'
import { type Headers, isAuthError, Refused } from '@countersign/http'
import proxy from '@fastify/http-proxy'
import Fastify from 'fastify'
import type { Settings } from '../settings.ts'
import { readers } from './own.ts'
import { listenFastify, type Start } from './peer.ts'

export const start: Start = (settings) => {
  const { signingJwk } = settings
  return serve(settings, { key: signingJwk as NonNullable<ForwardedIdentityOptions['key']> })
}

/** `key` is a private JWK. */
export async function serve(settings: Settings, { key }: Required<Pick<ForwardedIdentityOptions, 'key'>>) {
  const identity = forwardedIdentity({ issuer: settings.issuer, key })
  const onward = new WeakMap<object, Headers>()
  const app = Fastify()
  app.register(problems)
  const guard = protect(await readers(settings))
  app.register(async (posts) => {
    posts.addHook('onRequest', guard)
    posts.addHook('preHandler', async (request) => {
      const headers = await identity.headers(request, { audience: 'posts' })
      if (isAuthError(headers)) throw new Refused(headers)
      onward.set(request.raw, headers)
    })
    const rewriteRequestHeaders = ({ raw }: { raw: object }) => onward.get(raw) as Record<string, string>
    posts.register(proxy, {
      prefix: '/posts',
      rewritePrefix: '/posts',
      upstream: settings.upstream as string,
      replyOptions: { rewriteRequestHeaders },
    })
  })
  return listenFastify(app)
}
