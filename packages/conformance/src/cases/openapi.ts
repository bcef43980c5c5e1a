import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict'
import { type Case, json, type World } from '../case.ts'
import type { WireResponse } from '../wire.ts'

interface Operation {
  readonly security: readonly Readonly<Record<string, readonly string[]>>[]
  readonly responses: Readonly<Record<string, object>>
  readonly requestBody?: object
  readonly deprecated?: boolean
}
interface Document {
  readonly openapi: string
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly securitySchemes: Readonly<Record<string, Readonly<Record<string, unknown>>>> }
}

const documentOf = (response: WireResponse) => json<Document>(response)
const SENT = [['Content-Type', 'application/json']] as const

export const openApiCases: readonly Case[] = [
  {
    id: 'D30',
    title: 'the document says who may call what',
    section: 'OpenAPI 3.1.0 sections 4.8.10 and 4.8.30',
    *steps() {
      const response = yield {
        send: { path: '/openapi.json' },
        expect: { status: 200, headers: { 'content-type': 'application/json' }, foreign: true },
      }
      const { openapi, paths, components } = documentOf(response)
      strictEqual(openapi, '3.1.0')
      deepStrictEqual(Object.keys(components.securitySchemes).sort(), ['apiKey', 'basic', 'bearer', 'httpSignature'])
      strictEqual(components.securitySchemes.apiKey?.in, 'header')
      const one = (path: string, method: string) => {
        const found = paths[path]?.[method]
        ok(found, `${method} ${path} is not in the document`)
        return found
      }
      const anyOfThree = (scopes: readonly string[]) => [{ bearer: scopes }, { apiKey: scopes }, { basic: scopes }]
      deepStrictEqual(one('/me', 'get').security, anyOfThree([]))
      deepStrictEqual(one('/posts', 'post').security, anyOfThree(['posts:write']))
      deepStrictEqual(one('/api-keys', 'get').security, [{ bearer: ['keys:manage'] }])
      deepStrictEqual(one('/echo/signed', 'post').security, [{ bearer: [], httpSignature: [] }])
      deepStrictEqual(one('/health', 'get').security, [])
      const statuses = (path: string, method: string) => Object.keys(one(path, method).responses)
      ok(statuses('/me', 'get').includes('401'), 'GET /me says nothing of its 401')
      ok(!statuses('/health', 'get').includes('401'), 'GET /health speaks of a 401')
      for (const path of ['/me', '/posts', '/auth/check'])
        ok(statuses(path, 'get').includes('429'), `GET ${path} takes passwords, and says nothing of its 429`)
      for (const status of ['400', '401', '403', '413', '415'])
        ok(statuses('/posts', 'post').includes(status), `POST /posts says nothing of its ${status}`)
      ok(one('/posts', 'post').requestBody, 'POST /posts says nothing of its body')
      ok(one('/posts/{id}', 'get'), 'GET /posts/{id}')
      strictEqual(one('/token', 'post').deprecated, true)
    },
  },
  {
    id: 'D31',
    title:
      'what it says is what happens: with nothing, each operation answers 401 where it asks for somebody, and nowhere else',
    section: 'SAMPLE-API, routes',
    async *steps(world: World) {
      const { paths } = documentOf(await world.send({ path: '/openapi.json' }))
      for (const [path, operations] of Object.entries(paths)) {
        if (/^\/(oauth|mcp)\b/.test(path)) continue // whoever answers there has a format of their own
        for (const [method, { security, responses }] of Object.entries(operations)) {
          const target = path.replaceAll(/\{[^}]+\}/g, '1')
          const send = { method: method.toUpperCase(), path: target, headers: method === 'get' ? [] : SENT }
          const { status } = await world.send(send)
          const asks = security.length > 0 && !security.some((one) => Object.keys(one).length === 0)
          strictEqual(
            status === 401,
            asks,
            `${send.method} ${target} answers ${status}; the document says ${JSON.stringify(security)}`,
          )
          // A path that takes any method refuses some by itself, with the methods that it does take.
          const listed = [...Object.keys(responses), '405']
          ok(
            listed.includes(`${status}`) || (status < 300 && listed.includes('2XX')),
            `${send.method} ${target} answers ${status}, which is none of ${listed}`,
          )
        }
      }
      yield { send: { path: '/openapi.json', method: 'HEAD' }, expect: { status: 200, foreign: true } }
    },
  },
]
