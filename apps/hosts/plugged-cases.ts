import { bearer, type Case, JSON_TYPE, type WireResponse } from '@countersign/conformance'

const BEARER = 'Bearer realm="api"'
const WRONG = { status: 401, code: 'invalid_token', challenges: [`${BEARER}, error="invalid_token"`] } as const
const CORS = { 'access-control-allow-origin': '*' } as const
const order = (body: string, headers: readonly (readonly [string, string])[] = [bearer('good'), JSON_TYPE]) => ({
  method: 'POST',
  path: '/orders',
  headers,
  body,
})
const silent = (response: WireResponse) => {
  if (response.body.includes('canary')) throw new Error('the answer tells of the bug')
}

/** What an adapter does in a server that existed before: the same on Express and Fastify. */
export const pluggedCases: readonly Case[] = [
  {
    id: 'G01',
    title: 'a guard beside the own CORS: the preflight passes, a refusal carries its headers',
    section: 'Fetch, CORS protocol',
    *steps() {
      yield { send: { method: 'OPTIONS', path: '/me' }, expect: { status: 204, headers: CORS } }
      yield {
        send: { path: '/me' },
        expect: { status: 401, code: 'unauthenticated', challenges: [BEARER], headers: CORS },
      }
      yield {
        send: { path: '/me', headers: [bearer('good')] },
        expect: { status: 200, json: { user: 'ada' }, headers: CORS },
      }
    },
  },
  {
    id: 'G02',
    title: 'a verifier that answers later: right, wrong, down, buggy',
    section: 'DESIGN section 3',
    *steps() {
      yield { send: { path: '/me', headers: [bearer('later')] }, expect: { status: 200, json: { user: 'ada' } } }
      yield { send: { path: '/me', headers: [bearer('wrong-later')] }, expect: WRONG }
      for (const token of ['down', 'down-later']) {
        yield {
          send: { path: '/me', headers: [bearer(token)] },
          expect: { status: 503, code: 'temporarily_unavailable', challenges: [], headers: { 'retry-after': '7' } },
        }
      }
      for (const token of ['bug', 'bug-later']) {
        yield {
          send: { path: '/me', headers: [bearer(token)] },
          expect: { status: 500, code: 'server_error', challenges: [], also: silent },
        }
      }
      yield { send: { path: '/me', headers: [bearer('good')] }, expect: { status: 200 } }
    },
  },
  {
    id: 'G03',
    title: 'refusals: throw: the house error handler has status, headers and code, on a whole part of the server',
    section: 'DESIGN section 3',
    *steps() {
      yield { send: { path: '/house', headers: [bearer('good')] }, expect: { status: 200, json: { in: true } } }
      yield {
        send: { path: '/house', headers: [bearer('x')] },
        expect: {
          status: 401,
          challenges: WRONG.challenges,
          headers: { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' },
          json: { house: 'invalid_token' },
          foreign: true,
        },
      }
    },
  },
  {
    id: 'G03 sent',
    title: 'unless told otherwise a refusal is sent at once, past the house error handler',
    section: 'DESIGN section 3',
    *steps() {
      yield { send: { path: '/sent', headers: [bearer('good')] }, expect: { status: 200, json: { in: true } } }
      yield { send: { path: '/sent', headers: [bearer('x')] }, expect: WRONG }
    },
  },
  {
    id: 'G14',
    title: 'validate with refusals: throw: the house error handler words what does not fit, and what fits goes on',
    section: 'DESIGN section 3',
    *steps() {
      yield { send: { ...order('{"sku":"x1"}'), path: '/house' }, expect: { status: 200, json: { sku: 'x1' } } }
      yield {
        send: { ...order('{"sku":1}'), path: '/house' },
        expect: {
          status: 400,
          headers: { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' },
          json: { house: 'invalid_request' },
          foreign: true,
        },
      }
    },
  },
  {
    id: 'G04',
    title: 'a scheme of its own may add headers to the answer of a request that passed',
    section: 'DESIGN section 3',
    *steps() {
      yield {
        send: { path: '/nonce', headers: [['X-Ticket', 'x']] },
        expect: { status: 200, json: { in: true }, headers: { 'x-next-ticket': 'n-1' } },
      }
      yield {
        send: { path: '/nonce' },
        expect: { status: 401, challenges: ['Ticket realm="api"'], headers: { 'x-next-ticket': null } },
      }
    },
  },
  {
    id: 'G05',
    title: 'a body that the own parser took: checked as it was parsed; what that parser refuses is problem details',
    section: 'DESIGN section 3',
    *steps() {
      yield { send: order('{"sku":"x1"}'), expect: { status: 200, json: { sku: 'x1' } } }
      yield { send: order('{"sku":1}'), expect: { status: 400, code: 'invalid_request' } }
      yield { send: order('{"sku":"x","y":1}'), expect: { status: 400, code: 'invalid_request' } }
      yield { send: order('{"sku":'), expect: { status: 400, code: 'invalid_request' } }
      yield { send: order(`{"sku":"${'x'.repeat(2_000_000)}"}`), expect: { status: 413, code: 'content_too_large' } }
      yield {
        send: order('sku=x', [bearer('good'), ['Content-Type', 'text/csv']]),
        expect: { status: 415, code: 'unsupported_media_type' },
      }
      // A schema that asks for nothing: what no parser took must not pass as an empty object (body-parser 1).
      const anything = { method: 'POST', path: '/anything' }
      yield { send: { ...anything, headers: [['Content-Type', 'text/csv']], body: 'x' }, expect: { status: 415 } }
      yield { send: { ...anything, headers: [JSON_TYPE], body: '{}' }, expect: { status: 200, json: { in: true } } }
      yield { send: anything, expect: { status: 400, code: 'invalid_request' } }
      yield { send: order('{"sku":1}', [JSON_TYPE]), expect: { status: 401 } }
    },
  },
  {
    id: 'G06',
    title: 'path and query: converted, or refused',
    section: 'DESIGN section 3',
    *steps() {
      yield { send: { path: '/items/7?limit=3' }, expect: { status: 200, json: { id: 7, limit: 3 } } }
      yield { send: { path: '/items/7' }, expect: { status: 200, json: { id: 7, limit: null } } }
      for (const path of ['/items/x', '/items/7?limit=0', '/items/7?limit=x', '/items/7?limit=1&limit=2']) {
        yield { send: { path }, expect: { status: 400, code: 'invalid_request' } }
      }
      yield { send: { path: '/explodes' }, expect: { status: 500, code: 'server_error', also: silent } }
    },
  },
  {
    id: 'G07',
    title: 'what no route takes is 404; a bug is 500 and says nothing',
    section: 'RFC 9457 section 3',
    *steps() {
      yield { send: { path: '/nothing' }, expect: { status: 404, code: 'not_found', headers: CORS } }
      yield { send: { path: '/bug' }, expect: { status: 500, code: 'server_error', also: silent } }
      yield { send: { path: '/broken' }, expect: { status: 500, code: 'server_error', also: silent } }
    },
  },
  {
    id: 'G09',
    title: 'middleware carries its policy, for an inventory',
    section: 'DESIGN section 4',
    *steps() {
      yield { send: { path: '/inventory' }, expect: { status: 200, json: { guard: 'plugged' } } }
    },
  },
  {
    id: 'G11',
    title: 'a bug is logged, once, and a refusal is not',
    section: 'DESIGN section 5',
    *steps() {
      const before = yield { send: { path: '/logged' }, expect: { status: 200 } }
      const { count } = JSON.parse(before.body.toString())
      yield { send: { path: '/bug' }, expect: { status: 500 } }
      yield { send: { path: '/me' }, expect: { status: 401 } }
      yield { send: { path: '/nothing' }, expect: { status: 404 } }
      yield { send: { path: '/logged' }, expect: { status: 200, json: { count: count + 1 } } }
    },
  },
  {
    id: 'G13',
    title: 'what is misused is refused where it is made, not at each request',
    section: 'DESIGN section 5',
    *steps() {
      const json = {
        protectElsewhere: true,
        validateElsewhere: true,
        mountElsewhere: true,
        thrown: true,
        policy: true,
        refusals: true,
        part: true,
        schema: true,
        endpoints: true,
        plugin: true,
        problems: true,
      }
      yield { send: { path: '/misuse' }, expect: { status: 200, json } }
    },
  },
  {
    id: 'G08',
    title: 'endpoints that a package brings, under a prefix and under a policy of their own',
    section: 'DESIGN section 3',
    *steps() {
      yield {
        send: { path: '/auth/keys' },
        expect: { status: 200, json: { keys: [] }, headers: { 'content-type': 'application/json' } },
      }
      yield { send: { method: 'HEAD', path: '/auth/keys' }, expect: { status: 200 } }
      yield { send: { path: '/auth/nothing' }, expect: { status: 404 } }
      yield { send: { path: '/guarded' }, expect: { status: 401 } }
      yield { send: { path: '/guarded', headers: [bearer('down-later')] }, expect: { status: 503 } }
      yield { send: { path: '/guarded', headers: [bearer('later')] }, expect: { status: 200, json: { in: true } } }
    },
  },
  {
    id: 'G08 any',
    title: 'an endpoint of every method, everything below it, and its body unread',
    section: 'DESIGN section 3',
    *steps() {
      for (const method of ['POST', 'PUT', 'DELETE'])
        yield {
          send: { method, path: '/auth/any/a/b', headers: [JSON_TYPE], body: '{"a":1}' },
          expect: { status: 200, json: { bytes: 7 } },
        }
      yield { send: { path: '/auth/any' }, expect: { status: 404 } }
    },
  },
  {
    id: 'G08 bug',
    title: "a bug in the verifier of an endpoint's policy lets nobody in",
    section: 'DESIGN section 5',
    *steps() {
      yield {
        send: { path: '/guarded', headers: [bearer('bug-later')] },
        expect: { status: 500, code: 'server_error', also: silent },
      }
    },
  },
  {
    id: 'G08 once',
    title: 'an endpoint is answered once, and leaves nothing in the log, where what is sent is sent later',
    section: 'DESIGN section 3',
    *steps() {
      const before = yield { send: { path: '/logged' }, expect: { status: 200 } }
      for (let n = 0; n < 3; n++) yield { send: { path: '/auth/keys' }, expect: { status: 200, json: { keys: [] } } }
      yield { send: { path: '/logged' }, expect: { status: 200, json: JSON.parse(before.body.toString()) } }
    },
  },
  {
    id: 'G10',
    title: 'what is right passes: a token now and later, a body, path and query, a ticket',
    section: 'DESIGN section 3',
    *steps() {
      for (const token of ['good', 'later']) {
        const headers = [bearer(token)]
        yield { send: { path: '/me', headers }, expect: { status: 200, json: { user: 'ada' }, headers: CORS } }
        yield { send: order('{"sku":"x1"}', [...headers, JSON_TYPE]), expect: { status: 200 } }
      }
      yield { send: { path: '/house', headers: [bearer('good')] }, expect: { status: 200, json: { in: true } } }
      yield { send: { path: '/nonce', headers: [['X-Ticket', 'x']] }, expect: { status: 200, json: { in: true } } }
      yield { send: { path: '/items/7?limit=3' }, expect: { status: 200 } }
    },
  },
]

/** What only Express can be asked: its own handling of what goes wrong after the headers went out. */
export const expressCases: readonly Case[] = [
  {
    id: 'G12',
    title: "an error after the headers went out is Express's own: nothing more is answered, and our log hears nothing",
    section: 'DESIGN section 3',
    *steps() {
      const before = yield { send: { path: '/logged' }, expect: { status: 200 } }
      yield {
        send: { path: '/late' },
        expect: {
          status: 200,
          also: ({ body }) => {
            if (body.includes('server_error')) throw new Error('an answer follows an answer')
          },
        },
      }
      yield { send: { path: '/logged' }, expect: { status: 200, json: JSON.parse(before.body.toString()) } }
    },
  },
]

/** What Fastify alone has: its own `schema` option. */
export const fastifyCases: readonly Case[] = [
  {
    id: 'H02',
    title: 'problems leaves the handlers of the app alone where it is told to',
    section: 'DESIGN section 3',
    *steps() {
      yield { send: { path: '/kept/bug' }, expect: { status: 418, json: { kept: true }, foreign: true } }
      yield { send: { path: '/kept/nothing' }, expect: { status: 404, json: { kept: true }, foreign: true } }
    },
  },
  {
    id: 'H01',
    title: "Fastify's own schema option takes defineSchema values, and plain JSON Schema beside them",
    section: 'SNIPPETS b',
    *steps() {
      const send = (path: string, body: string) => ({ method: 'POST', path, headers: [JSON_TYPE], body })
      const refused = { status: 400, code: 'invalid_request' } as const
      yield { send: send('/schema', '{"sku":"x"}'), expect: { status: 200, json: { sku: 'x' } } }
      yield {
        send: send('/schema', '{"sku":1}'),
        expect: {
          ...refused,
          also: ({ body }) => {
            if (JSON.parse(body.toString()).errors[0].pointer !== '/sku')
              throw new Error('the error does not point at /sku')
          },
        },
      }
      yield {
        send: { method: 'POST', path: '/schema?limit=2', headers: [JSON_TYPE], body: '{"sku":"x"}' },
        expect: { status: 200 },
      }
      yield {
        send: { method: 'POST', path: '/schema?limit=x', headers: [JSON_TYPE], body: '{"sku":"x"}' },
        expect: refused,
      }
      yield { send: send('/schema', '{"sku":"x","count":"3"}'), expect: refused }
      yield { send: send('/plain', '{"sku":"x"}'), expect: { status: 200 } }
      yield { send: send('/plain', '{}'), expect: refused }
      yield { send: send('/own/plain', '{}'), expect: refused }
      yield { send: send('/own/schema', '{"sku":1}'), expect: refused }
    },
  },
]
