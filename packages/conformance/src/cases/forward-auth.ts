import { strictEqual } from 'node:assert/strict'
import { ALL, basic, bearer, type Case, type Expectation, INVALID_TOKEN, JSON_TYPE } from '../case.ts'
import type { WireRequest, WireResponse } from '../wire.ts'

const field = ({ headers }: WireResponse, name: string) => headers.find(([one]) => one === name)?.[1]
const login = (
  username: string,
  password: string,
  ...headers: readonly (readonly [string, string])[]
): WireRequest => ({
  method: 'POST',
  path: '/login',
  headers: [JSON_TYPE, ...headers],
  body: JSON.stringify({ username, password }),
})
const check = (...headers: readonly (readonly [string, string])[]): WireRequest => ({ path: '/auth/check', headers })
const passed = (subject: string, scheme: string, scopes: string): Expectation => ({
  status: 204,
  headers: {
    'x-auth-subject': subject,
    'x-auth-scheme': scheme,
    'x-auth-scopes': scopes,
    'cache-control': 'no-store',
    'content-length': null, // RFC 9110 section 8.6: a 204 has none
  },
})

export const forwardAuthCases: readonly Case[] = [
  {
    id: 'D20',
    title: 'forward-auth: who it is, in headers; a refusal as it is',
    section: 'SAMPLE-API, routes',
    *steps(world) {
      const { access_token } = yield* loggedIn()
      const scopes = 'posts:read posts:write posts:delete keys:manage'
      for (const method of ['GET', 'HEAD'])
        yield {
          send: { ...check(bearer(access_token)), method },
          expect: passed('usr_admintak', 'bearer', scopes),
        }
      yield {
        send: check(['X-API-Key', world.demoKey]),
        expect: passed('usr_admintak01', 'apiKey', 'posts:read posts:write'),
      }
      yield {
        send: check(basic('admintak02', 'pwdforapitest02')),
        expect: passed('usr_admintak02', 'basic', 'posts:read'),
      }
      yield { send: check(), expect: { status: 401, code: 'unauthenticated', challenges: ALL } }
      yield { send: check(bearer('abc.def.ghi')), expect: INVALID_TOKEN }
      const claimed = ['X-Auth-Subject', 'usr_boss'] as const
      yield { send: check(claimed), expect: { status: 401, headers: { 'x-auth-subject': null } } }
      yield { send: check(claimed, bearer(access_token)), expect: passed('usr_admintak', 'bearer', scopes) }
      function* loggedIn(): Generator<
        { send: WireRequest; expect: Expectation },
        { access_token: string },
        WireResponse
      > {
        return JSON.parse((yield { send: login('admintak', 'pwdforapitest'), expect: { status: 200 } }).body.toString())
      }
    },
  },
  {
    id: 'D21',
    title: 'forward-auth: what somebody says of another request counts for nothing',
    section: 'SAMPLE-API, routes',
    *steps(world) {
      const said = [
        ['X-Original-Method', 'DELETE'],
        ['X-Original-URI', '/health'],
        ['X-Forwarded-Uri', '/health'],
        ['X-Forwarded-For', '127.0.0.1'],
      ] as const
      yield { send: check(...said), expect: { status: 401, code: 'unauthenticated', challenges: ALL } }
      yield { send: check(...said, bearer(world.mint())), expect: { status: 204 } }
    },
  },
  {
    id: 'D22',
    title: 'forward-auth for nginx: statuses that it lets through, and the true one',
    section: 'SAMPLE-API, routes; ngx_http_auth_request_module',
    *steps(world) {
      const nginx = (...headers: readonly (readonly [string, string])[]): WireRequest => ({
        path: '/auth/check?nginx=1',
        headers,
      })
      yield { send: nginx(bearer(world.mint())), expect: { status: 204, headers: { 'x-auth-status': null } } }
      const joined = (response: WireResponse) => strictEqual(field(response, 'www-authenticate'), ALL.join(', '))
      const none: Expectation = { status: 401, foreign: true, headers: { 'x-auth-status': null }, also: joined }
      yield { send: nginx(), expect: none }
      const twice = nginx(bearer(world.mint()), bearer(world.mint()))
      yield { send: twice, expect: { status: 401, foreign: true, headers: { 'x-auth-status': '400' } } }
    },
  },
]
