import { anyone, checkEndpoints, type Endpoint } from '@countersign/policy'
import type { FastifyPluginCallback } from 'fastify'
import { protect } from './protect.ts'
import { send } from './send.ts'

/** A plugin that serves the endpoints a package brings along, each under its own policy. */
export function mount(endpoints: readonly Endpoint[]): FastifyPluginCallback {
  checkEndpoints('mount()', endpoints)
  return (app, _options, done) => {
    for (const { method, path, policy = anyone, handle } of endpoints) {
      app.route({
        method,
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
