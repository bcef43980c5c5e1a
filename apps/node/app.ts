import type { IncomingMessage } from 'node:http'
import { type Answer, answerClientError, checkInput } from '@countersign/http'
import { refusalOf } from '@countersign/policy'
import { parseQuery, type Sample, serverFor } from '@sample/domain'

/** The sample API on bare `node:http`: the cores with no framework and no adapter. */
export function nodeHost(sample: Sample) {
  const { find } = sample
  async function answer(request: IncomingMessage): Promise<Answer> {
    const found = find(request)
    if ('status' in found) return found
    const { route, params } = found
    const verdict = await route.policy.check(request)
    if (verdict?.status !== undefined) return verdict
    const refused = await route.first?.({ request, params })
    if (refused) return refused
    const query = parseQuery((request.url ?? '').split('?').slice(1).join('?'))
    const checked = await checkInput(route.input, request, { query, params })
    if ('error' in checked) return checked
    const given = await route.handle({ request, params, body: checked.parts.body, query: checked.parts.query })
    return verdict ? { ...given, headers: { ...given.headers, ...verdict.headers } } : given
  }
  const server = serverFor(sample, (request, response) => {
    answer(request)
      .catch((thrown: unknown) => {
        const refusal = refusalOf(thrown, request)
        if (refusal.status === 500) console.error(thrown)
        return refusal
      })
      .then(({ status, headers, body }) => response.writeHead(status, headers).end(body))
  })
  return server.on('clientError', answerClientError)
}
