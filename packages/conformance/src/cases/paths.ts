import { bearer, type Case, CHALLENGES, JSON_TYPE } from '../case.ts'

/** Every guarded route of SAMPLE-API that is there today, and the challenges it sends to a stranger. */
const EVERY = [CHALLENGES.bearer, CHALLENGES.apiKey, CHALLENGES.basic]
const TOKEN = [CHALLENGES.bearer]
export const GUARDED: readonly (readonly [method: string, path: string, challenges: readonly string[]])[] = [
  ['GET', '/me', EVERY],
  ['GET', '/api/data', EVERY],
  ['POST', '/api/data', EVERY],
  ['GET', '/posts', EVERY],
  ['GET', '/posts/1', EVERY],
  ['POST', '/posts', EVERY],
  ['PUT', '/posts/1', EVERY],
  ['DELETE', '/posts/1', EVERY],
  ['POST', '/logout', TOKEN],
  ['GET', '/api-keys', TOKEN],
  ['POST', '/api-keys', TOKEN],
  ['POST', '/api-keys/x/rotate', TOKEN],
  ['DELETE', '/api-keys/x', TOKEN],
]

const variantsOf = (path: string): readonly string[] => [
  `${path}/`,
  `/${path}`,
  `${path};a`,
  `${path};/`,
  `/x/..${path}`,
  `/.${path}`,
  path.toUpperCase(),
  path.replace(/\/(?=[^/]*$)/, '%2f'),
  path.replace(/[a-z]/, (letter) => `%${letter.charCodeAt(0).toString(16)}`),
  `${path}%00`,
  `${path}%20`,
  `${path}.json`,
  path.replace('/', '\\'),
]
export const pathCases: readonly Case[] = [
  ...GUARDED.map(
    ([method, path, challenges]): Case => ({
      id: `A02 ${method} ${path}`,
      title: 'without a credential: 401; each path variant: never let in',
      section: 'THREATS A02 (middie 2026)',
      *steps() {
        yield { send: { method, path }, expect: { status: 401, code: 'unauthenticated', challenges } }
        yield { send: { method, path: `${path}?x=1` }, expect: { status: 401, code: 'unauthenticated', challenges } }
        for (const variant of variantsOf(path)) {
          const parameter = /^\/(posts|api-keys)\/[^/]+$/.test(variant) && !variant.includes(';')
          const status = !variant.startsWith('/') ? 400 : !parameter ? 404 : method === 'POST' ? 405 : 401
          yield { send: { method, path: variant }, expect: { status } }
        }
      },
    }),
  ),
  {
    id: 'A01',
    title: 'a path that the caller may not have: each variant, method override and rewrite header',
    section: 'THREATS A01',
    *steps({ mint }) {
      const weak = bearer(mint({ claims: { sub: 'usr_weak', scope: 'nothing' } }))
      const send = { path: '/posts/2', headers: [weak] }
      const denied = {
        status: 403,
        code: 'insufficient_scope',
        challenges: [`${CHALLENGES.bearer}, error="insufficient_scope", scope="posts:read"`],
      } as const
      yield { send, expect: denied }
      yield { send: { ...send, method: 'HEAD' }, expect: { status: 403, challenges: denied.challenges } }
      for (const path of [
        '/posts/2/',
        '//posts/2',
        '/posts/2;a',
        '/POSTS/2',
        '/posts%2f2',
        '/posts/2%2f',
        '/./posts/2',
        '/posts//2',
      ]) {
        yield { send: { ...send, path }, expect: { status: path === '/posts/2%2f' ? 403 : 404 } }
      }
      for (const name of ['X-Original-URL', 'X-Rewrite-URL', 'X-Forwarded-Uri', 'X-Forwarded-Path']) {
        yield { send: { ...send, headers: [weak, [name, '/health']] }, expect: denied }
      }
      for (const name of ['X-HTTP-Method-Override', 'X-HTTP-Method', 'X-Method-Override']) {
        yield { send: { method: 'POST', path: '/posts/2', headers: [weak, [name, 'GET']] }, expect: { status: 405 } }
      }
      for (const header of [
        ['X-User', 'usr_admintak'],
        ['X-Auth-Subject', 'usr_admintak'],
        ['X-Forwarded-User', 'admintak'],
      ] as const) {
        yield { send: { ...send, headers: [weak, header] }, expect: denied }
      }
    },
  },
  {
    id: 'A03',
    title: 'OPTIONS of a guarded route: never 401, whatever comes with it',
    section: 'Fetch, CORS-preflight fetch',
    *steps() {
      const preflight = [
        ['Origin', 'https://app.test'],
        ['Access-Control-Request-Method', 'POST'],
        ['Access-Control-Request-Headers', 'authorization'],
      ] as const
      for (const [path, allow] of [
        ['/me', 'GET, HEAD, OPTIONS'],
        ['/posts', 'GET, POST, HEAD, OPTIONS'],
        ['/posts/1', 'GET, PUT, DELETE, HEAD, OPTIONS'],
        ['/login', 'POST, OPTIONS'],
      ] as const) {
        yield { send: { method: 'OPTIONS', path, headers: preflight }, expect: { status: 204, headers: { allow } } }
      }
      yield { send: { method: 'OPTIONS', path: '/nothing' }, expect: { status: 404, code: 'not_found' } }
    },
  },
  {
    id: 'P01',
    title:
      'what there is not: 404; what there is by another method: 405 with Allow; before any credential is looked at',
    section: 'RFC 9110 section 15.5.6',
    *steps({ mint }) {
      for (const headers of [[], [bearer(mint())], [bearer('x')]]) {
        yield { send: { path: '/nothing', headers }, expect: { status: 404, code: 'not_found' } }
        yield { send: { path: '/console', headers }, expect: { status: 404 } }
        yield {
          send: { method: 'DELETE', path: '/me', headers },
          expect: { status: 405, code: 'method_not_allowed', headers: { allow: 'GET, HEAD, OPTIONS' } },
        }
        yield {
          send: { method: 'GET', path: '/login', headers },
          expect: { status: 405, headers: { allow: 'POST, OPTIONS' } },
        }
        yield {
          send: { method: 'PATCH', path: '/posts/1', headers },
          expect: { status: 405, headers: { allow: 'GET, PUT, DELETE, HEAD, OPTIONS' } },
        }
        yield { send: { method: 'PROPFIND', path: '/me', headers }, expect: { status: 405 } }
        yield { send: { method: 'TRACE', path: '/me', headers }, expect: { status: 405 } }
      }
    },
  },
  {
    id: 'P02',
    title: 'a malformed target is 400, before anything else',
    section: 'SAMPLE-API, every route',
    *steps({ mint }) {
      for (const path of [
        '/posts/%',
        '/posts/%zz',
        '/%',
        '/nothing/%e0%a4%a',
        '/posts/%ff',
        '/posts/%c0%af',
        '/me?x=%',
        '*',
        'http://sample.test/me',
        '/me#x',
        '/posts?limit=1#x',
      ]) {
        yield { send: { path, headers: [bearer(mint())] }, expect: { status: 400, code: 'invalid_request' } }
      }
    },
  },
  {
    id: 'P03',
    title: 'HEAD is GET without a body',
    section: 'RFC 9110 section 9.3.2',
    *steps({ mint }) {
      const got = yield {
        send: { path: '/me', headers: [bearer(mint())] },
        expect: { status: 200, headers: { 'content-type': 'application/json' } },
      }
      const length = got.headers.find(([name]) => name === 'content-length')?.[1] ?? ''
      yield {
        send: { method: 'HEAD', path: '/me', headers: [bearer(mint())] },
        expect: { status: 200, headers: { 'content-type': 'application/json', 'content-length': length } },
      }
      yield { send: { method: 'HEAD', path: '/me' }, expect: { status: 401 } }
      yield { send: { method: 'HEAD', path: '/health' }, expect: { status: 200 } }
      yield { send: { method: 'HEAD', path: '/nothing' }, expect: { status: 404 } }
    },
  },
  {
    id: 'P04',
    title: 'what fails below the framework has the same shape: 400',
    section: 'SAMPLE-API, every route',
    *steps() {
      yield { send: { method: 'BREW ME', path: '/me' }, expect: { status: 400, code: 'invalid_request' } }
      yield {
        send: { path: '/me', headers: [['Authorization', 'Bearer x\u0000y']] },
        expect: { status: 400, code: 'invalid_request' },
      }
      yield { send: { path: '/me', headers: [['Bad Name', 'x']] }, expect: { status: 400, code: 'invalid_request' } }
      yield {
        send: {
          method: 'POST',
          path: '/login',
          headers: [
            ['Content-Length', '5'],
            ['Transfer-Encoding', 'chunked'],
          ],
          body: '{}',
        },
        expect: { status: 400 },
      }
    },
  },
  {
    id: 'P06',
    title:
      'no Host, or two: 400 in the shape of every failure; a body is asked for when it is read; other expectations are ignored',
    section: 'RFC 9112 section 3.2, RFC 9110 section 10.1.1',
    *steps({ mint }) {
      const malformed = { status: 400, code: 'invalid_request' } as const
      const good = bearer(mint())
      yield { send: { path: '/me', host: false, headers: [good] }, expect: malformed }
      const twice = [['Host', 'sample.test'], ['Host', 'other.test'], good] as const
      yield { send: { path: '/me', headers: twice }, expect: malformed }
      yield { send: { path: '/me', headers: [good, ['Expect', 'foo']] }, expect: { status: 200 } }
      yield { send: { path: '/me', headers: [['Expect', 'foo']] }, expect: { status: 401, code: 'unauthenticated' } }
      const post = { method: 'POST', path: '/posts', body: '{"title":"t","body":"b"}' }
      const waits = [JSON_TYPE, ['Expect', '100-continue']] as const
      yield { send: { ...post, headers: [good, ...waits] }, expect: { status: 201, continued: true } }
      yield { send: { ...post, headers: waits }, expect: { status: 401 } }
    },
  },
  {
    id: 'P05',
    title: 'health and public keys are for anyone; no private part of a key is published',
    section: 'RFC 7517 section 5',
    *steps({ keys }) {
      yield {
        send: { path: '/health' },
        expect: { status: 200, json: { status: 'ok' }, headers: { 'content-type': 'application/json' } },
      }
      yield { send: { path: '/health', headers: [bearer('x')] }, expect: { status: 200 } }
      const published = keys.jwks.keys.map(({ kty, kid, alg, crv, x, y, n, e, use }) => ({
        kty,
        kid,
        alg,
        crv,
        x,
        y,
        n,
        e,
        use,
      }))
      yield {
        send: { path: '/.well-known/jwks.json' },
        expect: {
          status: 200,
          also: (response) => {
            const { keys: shown } = JSON.parse(response.body.toString())
            const plain = (list: readonly object[]) =>
              JSON.stringify(
                list.map((one) =>
                  Object.fromEntries(
                    Object.entries(one)
                      .filter(([, v]) => v !== undefined)
                      .sort(),
                  ),
                ),
              )
            if (plain(shown) !== plain(published))
              throw new Error(`the JWKS is not the public half of KEYS: ${JSON.stringify(shown)}`)
            const cache = response.headers.find(([name]) => name === 'cache-control')?.[1] ?? ''
            if (!/^public, max-age=\d+$/.test(cache)) throw new Error(`cache-control of the JWKS is ${cache}`)
          },
        },
      }
      yield { send: { method: 'POST', path: '/.well-known/jwks.json' }, expect: { status: 405 } }
    },
  },
]
