import { allOf, anyOf, anyone, apiKey, basic, bearer, type Condition, policy, publicRoute } from '@countersign/policy'
import { expect, test } from 'vitest'
import { driftOf, inventoryDiff, inventoryText, openApi, type RouteData } from './index.ts'

const token = bearer(() => ({ subject: 'x' }))
const key = apiKey(() => ({ subject: 'x' }))
const limit: Condition = { name: 'rate limit', refuses: ['too_many_requests'], before: () => undefined }
const readers = policy({ name: 'readers', accept: anyOf(token, key), scopes: ['read'], conditions: [limit] })
const admins = policy({
  name: 'admins',
  accept: allOf(
    token,
    anyOf(
      key,
      basic(() => ({ subject: 'x' }), { name: 'login' }),
    ),
  ),
  allow: { allOf: [{ anyOf: [{ role: 'admin' }, { scope: 'all' }] }, { name: 'on call', test: () => true }] },
  maxAge: 300,
})
const routes: readonly RouteData[] = [
  { method: 'delete', path: '/posts/:id', policy: admins },
  { method: 'GET', path: '/posts', policy: readers },
  { method: 'POST', path: '/posts', policy: publicRoute({ name: 'sign-up', conditions: [limit] }) },
  { method: 'GET', path: '/me', policy: policy({ name: 'maybe', accept: token, mode: 'optional' }).describe() },
  { method: 'GET', path: '/health', policy: anyone },
]
const TEXT = `GET /health  anyone (route)
GET /me  maybe (route): bearer; optional
GET /posts  readers (route): bearer or apiKey; scope read; asks rate limit
POST /posts  sign-up (route): anyone; asks rate limit
DELETE /posts/:id  admins (route): bearer and (apiKey or login); (role admin or scope all) and on call; authenticated within 300 s
`

test('a line for each route, whatever the order of registration', () => {
  expect(inventoryText(routes)).toBe(TEXT)
  expect(inventoryText(routes.toReversed())).toBe(TEXT)
  expect(inventoryText([])).toBe('')
})

test('nothing has changed: no difference, also with the line ends of another system', () => {
  expect(inventoryDiff(TEXT, routes)).toEqual([])
  expect(inventoryDiff(TEXT.replaceAll('\n', '\r\n'), routes)).toEqual([])
})

test('what has changed, a route that lost its policy first', () => {
  const [first, ...rest] = routes as [RouteData, ...RouteData[]]
  const now = [
    { method: 'GET', path: '/a', policy: anyone },
    ...rest.slice(1, -1).map((route) => (route.path === '/me' ? { ...route, policy: admins } : route)),
    { method: 'GET', path: '/new' },
    { method: first.method, path: first.path },
  ]
  const was = Object.fromEntries(
    TEXT.trim()
      .split('\n')
      .map((line) => line.split(/ {2}(.*)/).slice(0, 2)),
  )
  expect(inventoryDiff(TEXT, now)).toEqual([
    `LOST ITS POLICY: DELETE /posts/:id  was ${was['DELETE /posts/:id']}`,
    'new, WITHOUT A POLICY: GET /new',
    `changed: GET /me\n  was maybe (route): bearer; optional\n  is  ${was['DELETE /posts/:id']}`,
    'new: GET /a  anyone (route)',
    'gone: GET /health  was anyone (route)',
    `gone: GET /posts  was ${was['GET /posts']}`,
  ])
})

test('the second of two routes that share a method and a path is told too', () => {
  const two = [...routes, { method: 'GET', path: '/posts' }]
  expect(inventoryDiff(TEXT, two)).toEqual(['new, WITHOUT A POLICY: GET /posts'])
})

test('a name cannot begin a line or a column of its own', () => {
  const policy = { ...anyone.describe(), name: 'x\nGET /posts  anyone', mode: 'required' as const }
  expect(inventoryText([{ method: 'GET', path: '/a  b', policy }])).toBe(
    'GET /a b  x?GET /posts anyone (route): required\n',
  )
})

test('what is no route is refused', () => {
  expect(() => inventoryText([{} as never])).toThrow('a route has a `method` and a `path`')
})

test.each([
  ['inventoryText', () => inventoryText({ routes: [] } as never)],
  ['openApi', () => openApi({ routes: [] } as never, { info: { title: 'x', version: '1' } })],
  ['driftOf', () => driftOf({ openapi: '3.1.0', paths: {} } as never, { routes: [] } as never)],
])('%s of what Fastify returned says where the routes are', (_name, misuse) => {
  expect(misuse).toThrow('what inventory(app) returned, on Fastify its `routes`')
})
