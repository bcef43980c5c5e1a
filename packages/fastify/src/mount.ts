import { checkGiven } from '@countersign/http'
import { anyone, checkEndpoints, type Endpoint } from '@countersign/policy'
import type { FastifyPluginCallback } from 'fastify'
import { protect } from './protect.ts'
import { send } from './send.ts'

const ANY = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

/**
 * A plugin that serves the endpoints a package brings along, each under its own policy. `register` it with a `prefix` or nothing:
 * a second plugin stands where options do (a function has `call`, options have none). Throws a TypeError for what are no endpoints
 * where it is made, for two plugins at once, and where it stands in Express.
 */
export function mount(endpoints: readonly Endpoint[]): FastifyPluginCallback<{ readonly call?: never }> {
  checkEndpoints('mount()', endpoints)
  return (app, _options, done?: () => void) => {
    // Fastify calls a function that comes second for the options of the first.
    if (!done) throw new TypeError('register() takes one mount(…): app.register(mount(a)).register(mount(b))')
    checkGiven('fastify', 'mount', app, done)
    // Endpoints read their bodies themselves. What was registered before for the whole app stays outside this scope.
    app.removeAllContentTypeParsers()
    app.addContentTypeParser('*', (_request, _payload, parsed) => parsed(null))
    for (const { method, path, policy = anyone, handle } of endpoints) {
      app.route({
        // With a HEAD of its own: the one that Fastify makes gives a 204 a length (RFC 9110 section 8.6).
        method: method === '*' ? ANY : method === 'GET' ? ['GET', 'HEAD'] : method,
        url: path,
        onRequest: protect(policy),
        async handler(request, reply) {
          send(reply, await handle(request))
          return reply
        },
      })
    }
    done()
  }
}
