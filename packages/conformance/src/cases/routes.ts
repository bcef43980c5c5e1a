import { strictEqual } from 'node:assert/strict'
import { basic, bearer, type Case, CHALLENGES, JSON_TYPE, json, type World } from '../case.ts'

const as = (world: World, sub: string, scope: string, roles?: readonly string[]) =>
  bearer(world.mint({ claims: { sub, scope, roles } }))
const post = (credential: readonly [string, string], method: string, path: string, value: unknown) =>
  ({ method, path, headers: [credential, JSON_TYPE], body: JSON.stringify(value) }) as const
const scopeMissing = (scope: string) => ({
  status: 403,
  code: 'insufficient_scope',
  challenges: [`${CHALLENGES.bearer}, error="insufficient_scope", scope="${scope}"`],
})
/** Refused by a rule that no scope satisfies: the challenge of the scheme tried, without an error of RFC 6750. */
const DENIED = { status: 403, code: 'access_denied', challenges: [CHALLENGES.bearer] } as const

export const routeCases: readonly Case[] = [
  {
    id: 'C01',
    title: 'data by query: what is asked for; a missing, repeated or unknown parameter',
    section: 'SAMPLE-API, routes',
    *steps(world) {
      const headers = [bearer(world.mint())]
      yield {
        send: { path: '/api/data?param=x%20y', headers },
        expect: { status: 200, json: { message: 'Here is what you asked for.', param: 'x y', caller: 'usr_admintak' } },
      }
      // Past the thousandth parameter too.
      yield { send: { path: `/api/data?${'a&'.repeat(1000)}param=z`, headers }, expect: { status: 200 } }
      yield { send: { path: `/api/data?param=y&${'a&'.repeat(1000)}param=z`, headers }, expect: { status: 400 } }
      for (const query of ['', '?', '?x=1', '?param=a&param=b', '?param[a]=b', '?PARAM=x']) {
        yield { send: { path: `/api/data${query}`, headers }, expect: { status: 400, code: 'invalid_request' } }
      }
    },
  },
  {
    id: 'C02',
    title: 'data by body: a non-empty object, as it was sent',
    section: 'SAMPLE-API, routes',
    *steps(world) {
      const data = { a: [1, 2.5, -0, 'x', null, { b: true }], é: '£' }
      yield {
        send: post(bearer(world.mint()), 'POST', '/api/data', data),
        expect: {
          status: 200,
          json: { message: 'Here is what you sent.', data: JSON.parse(JSON.stringify(data)), caller: 'usr_admintak' },
        },
      }
      yield { send: post(basic('test', '123£'), 'POST', '/api/data', { x: 1 }), expect: { status: 200 } }
      for (const value of [{}, [], [1], 'x', 1, null, true]) {
        yield {
          send: post(bearer(world.mint()), 'POST', '/api/data', value),
          expect: { status: 400, code: 'invalid_request' },
        }
      }
    },
  },
  {
    id: 'C03',
    title: 'a post over its life: made, read, listed, changed, deleted',
    section: 'SAMPLE-API, routes',
    *steps(world) {
      const author = as(world, 'usr_author', 'posts:read posts:write')
      const admin = as(world, 'usr_boss', 'posts:read posts:write posts:delete', ['admin'])
      const made = yield {
        send: post(author, 'POST', '/posts', { title: 'One', body: 'Text', tags: ['a'] }),
        expect: { status: 201 },
      }
      const made2 = json<{ id: number; created_at: number }>(made)
      strictEqual(made.headers.find(([name]) => name === 'location')?.[1], `/posts/${made2.id}`)
      const whole = {
        id: made2.id,
        author: 'usr_author',
        title: 'One',
        body: 'Text',
        tags: ['a'],
        created_at: made2.created_at,
      }
      const path = `/posts/${made2.id}`
      yield { send: { path, headers: [author] }, expect: { status: 200, json: whole } }
      yield {
        send: post(author, 'PUT', path, { title: 'Two', body: 'Text' }),
        expect: { status: 200, json: { ...whole, title: 'Two', tags: [] } },
      }
      yield {
        send: post(admin, 'PUT', path, { title: 'Three', body: 'Text' }),
        expect: { status: 200, json: { ...whole, title: 'Three', tags: [] } },
      }
      yield { send: { method: 'DELETE', path, headers: [author] }, expect: scopeMissing('posts:delete') }
      yield { send: { method: 'DELETE', path, headers: [admin] }, expect: { status: 204 } }
      yield { send: { path, headers: [author] }, expect: { status: 404, code: 'not_found' } }
      yield { send: { method: 'DELETE', path, headers: [admin] }, expect: { status: 404, code: 'not_found' } }
      yield { send: post(author, 'PUT', path, { title: 'x', body: 'y' }), expect: { status: 404, code: 'not_found' } }
    },
  },
  {
    id: 'C04',
    title: "another's post: refused, whatever the scopes; an admin may",
    section: 'OWASP API1:2023',
    *steps(world) {
      const author = as(world, 'usr_author', 'posts:read posts:write')
      const other = as(world, 'usr_other', 'posts:read posts:write')
      const { id } = json(
        yield { send: post(author, 'POST', '/posts', { title: 'mine', body: 'b' }), expect: { status: 201 } },
      )
      const path = `/posts/${id}`
      yield { send: post(other, 'PUT', path, { title: 'theirs', body: 'b' }), expect: DENIED }
      // Whatever is sent: no body is read before it is known whose post it is, and whether there is one.
      const text = { method: 'PUT', headers: [other, ['Content-Type', 'text/plain'] as const], body: 'x' }
      for (const send of [post(other, 'PUT', path, { title: 'half' }), { ...text, path }])
        yield { send, expect: DENIED }
      for (const send of [post(other, 'PUT', '/posts/999999', { title: 'half' }), { ...text, path: '/posts/none' }])
        yield { send, expect: { status: 404, code: 'not_found' } }
      yield {
        send: post(basic('admintak01', 'pwdforapitest01'), 'PUT', path, { title: 'theirs', body: 'b' }),
        expect: { status: 403, code: 'access_denied', challenges: [CHALLENGES.basic] },
      }
      yield {
        send: post(['X-API-Key', world.demoKey], 'PUT', path, { title: 'theirs', body: 'b' }),
        expect: { status: 403, code: 'access_denied', challenges: [CHALLENGES.apiKey] },
      }
      yield {
        send: { path, headers: [other] },
        expect: { status: 200, also: (response) => strictEqual(json(response).title, 'mine') },
      }
      yield {
        send: post(basic('admintak', 'pwdforapitest'), 'PUT', path, { title: 'the admin', body: 'b' }),
        expect: { status: 200 },
      }
    },
  },
  {
    id: 'C05',
    title: 'a missing scope is named, whole; Basic has no word for it',
    section: 'RFC 6750 section 3.1',
    *steps(world) {
      yield { send: { path: '/posts', headers: [as(world, 'usr_x', '')] }, expect: scopeMissing('posts:read') }
      yield {
        send: { path: '/posts', headers: [as(world, 'usr_x', 'posts:readx posts posts:rea')] },
        expect: scopeMissing('posts:read'),
      }
      yield {
        send: post(as(world, 'usr_x', 'posts:read'), 'POST', '/posts', { title: 't', body: 'b' }),
        expect: scopeMissing('posts:write'),
      }
      yield {
        send: post(basic('admintak02', 'pwdforapitest02'), 'POST', '/posts', { title: 't', body: 'b' }),
        expect: { status: 403, code: 'insufficient_scope', challenges: [CHALLENGES.basic] },
      }
      yield {
        send: { method: 'DELETE', path: '/posts/1', headers: [['X-API-Key', world.demoKey]] },
        expect: {
          status: 403,
          code: 'insufficient_scope',
          challenges: [`${CHALLENGES.apiKey}, error="insufficient_scope", scope="posts:delete"`],
        },
      }
      yield {
        send: { method: 'DELETE', path: '/posts/999999', headers: [as(world, 'usr_x', 'posts:delete')] },
        expect: { status: 404 },
      }
      yield {
        send: { method: 'DELETE', path: '/posts/999999', headers: [as(world, 'usr_x', '', ['admin'])] },
        expect: { status: 404 },
      }
    },
  },
  {
    id: 'C06',
    title: 'pages of posts: limit and cursor, and what is neither',
    section: 'SAMPLE-API, routes',
    *steps(world) {
      const author = as(world, 'usr_pages', 'posts:read posts:write')
      for (let n = 0; n < 3; n++)
        yield { send: post(author, 'POST', '/posts', { title: `page ${n}`, body: 'b' }), expect: { status: 201 } }
      const first = json<{ posts: { id: number }[]; next_cursor: string }>(
        yield { send: { path: '/posts?limit=2', headers: [author] }, expect: { status: 200 } },
      )
      strictEqual(first.posts.length, 2)
      const second = json<{ posts: { id: number }[] }>(
        yield {
          send: { path: `/posts?limit=1&cursor=${first.next_cursor}`, headers: [author] },
          expect: { status: 200 },
        },
      )
      strictEqual(
        (second.posts[0]?.id ?? 0) > (first.posts[1]?.id ?? Number.POSITIVE_INFINITY),
        true,
        'the second page begins where the first ended',
      )
      for (const query of [
        'limit=0',
        'limit=101',
        'limit=-1',
        'limit=1.5',
        'limit=0x1',
        'limit=',
        'limit=a',
        'limit=%201',
        'limit=1&limit=2',
        'cursor=x',
        'cursor=-1',
        'cursor=',
      ]) {
        yield { send: { path: `/posts?${query}`, headers: [author] }, expect: { status: 400, code: 'invalid_request' } }
      }
    },
  },
  {
    id: 'C07 spelling',
    title: 'the id of a post has one spelling',
    section: 'SAMPLE-API, routes',
    *steps(world) {
      const author = as(world, 'usr_spelling', 'posts:read posts:write')
      const { id } = json(
        yield { send: post(author, 'POST', '/posts', { title: 't', body: 'b' }), expect: { status: 201 } },
      )
      yield { send: { path: `/posts/${id}`, headers: [author] }, expect: { status: 200 } }
      for (const other of [`0${id}`, `${id}.0`, `+${id}`, `%20${id}`, `${id}e0`, `0x${Number(id).toString(16)}`])
        yield { send: { path: `/posts/${other}`, headers: [author] }, expect: { status: 404, code: 'not_found' } }
    },
  },
  {
    id: 'C07',
    title: 'ids that are none',
    section: 'SAMPLE-API, routes',
    *steps(world) {
      for (const id of [
        '0',
        '-1',
        '1.0',
        '01',
        'x',
        '1e0',
        '%31x',
        '99999999999999999999',
        '__proto__',
        `${'9'.repeat(300)}`,
        '%00',
        '..%2f1',
      ]) {
        yield {
          send: { path: `/posts/${id}`, headers: [bearer(world.mint())] },
          expect: { status: 404, code: 'not_found' },
        }
      }
    },
  },
]
