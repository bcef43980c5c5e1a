import { notStrictEqual, strictEqual } from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { bearer, type Case, CHALLENGES, INVALID_TOKEN, JSON_TYPE, json } from '../case.ts'

interface Tokens {
  readonly access_token: string
  readonly refresh_token: string
  readonly token_type: string
  readonly expires_in: number
  readonly scope: string
}
interface Session {
  readonly id: string
  readonly client: string
  readonly device: string | null
  readonly created_at: number
  readonly expires_at: number
  readonly current: boolean
}
const tokensOf = (response: Parameters<typeof json>[0]) => json<Tokens>(response)
const post = (path: string, body: unknown) =>
  ({
    method: 'POST',
    path,
    headers: [JSON_TYPE],
    body: typeof body === 'string' ? body : JSON.stringify(body),
  }) as const
const login = (username: string, password: string) => post('/login', { username, password })
const refresh = (refresh_token: string) => post('/refresh', { refresh_token })
const end = (id: string, token: string) =>
  ({ method: 'DELETE', path: `/sessions/${id}`, headers: [bearer(token)] }) as const
const sidOf = (token: string) =>
  JSON.parse(Buffer.from(token.split('.')[1] as string, 'base64url').toString()).sid as string
const GRANT = { status: 400, code: 'invalid_grant', challenges: [] } as const
const LOGIN_WRONG = { status: 401, code: 'invalid_credentials', challenges: [CHALLENGES.bearer] } as const

export const sessionCases: readonly Case[] = [
  {
    id: 'L01',
    title: 'login: tokens with the scopes of the role',
    section: 'RFC 6749 section 5.1',
    *steps() {
      const users = [
        ['admintak', 'pwdforapitest', 'posts:read posts:write posts:delete keys:manage'],
        ['admintak01', 'pwdforapitest01', 'posts:read posts:write keys:manage'],
        ['admintak02', 'pwdforapitest02', 'posts:read'],
        ['test', '123£', 'posts:read'],
      ] as const
      for (const [username, password, scope] of users) {
        const response = yield {
          send: login(username, password),
          expect: { status: 200, headers: { 'cache-control': 'no-store', 'content-type': 'application/json' } },
        }
        const tokens = tokensOf(response)
        strictEqual(tokens.token_type, 'Bearer')
        strictEqual(tokens.expires_in, 300)
        strictEqual(tokens.scope, scope)
        yield {
          send: { path: '/me', headers: [bearer(tokens.access_token)] },
          expect: { status: 200, also: (me) => strictEqual(json(me).subject, `usr_${username}`) },
        }
      }
    },
  },
  {
    id: 'L02',
    title: 'login refused: one answer for an unknown user and for a wrong password',
    section: 'SAMPLE-API, routes',
    *steps() {
      const wrong = yield { send: login('admintak', 'wrong'), expect: LOGIN_WRONG }
      yield { send: login('nobody', 'pwdforapitest'), expect: { ...LOGIN_WRONG, json: json(wrong) } }
      yield { send: login('', ''), expect: LOGIN_WRONG }
      yield { send: login('admintak', ''), expect: LOGIN_WRONG }
      yield { send: login("' OR 1=1 --", 'x'), expect: LOGIN_WRONG }
    },
  },
  {
    id: 'L03',
    title: 'login with a body that does not fit its schema',
    section: 'SAMPLE-API, routes',
    *steps() {
      for (const body of [
        '{}',
        '[]',
        '"x"',
        'null',
        '{"username":"admintak"}',
        '{"username":"admintak","password":1}',
        '{"username":["admintak"],"password":"x"}',
        '{"username":{"$ne":""},"password":"x"}',
        '{"username":"a","password":"b","x":1}',
      ]) {
        yield { send: post('/login', body), expect: { status: 400, code: 'invalid_request' } }
      }
    },
  },
  {
    id: 'S02',
    title: 'refresh rotates; within the grace the one before gets the same successor again',
    section: 'RFC 9700 section 4.14.2',
    *steps() {
      const first = tokensOf(yield { send: login('admintak01', 'pwdforapitest01'), expect: { status: 200 } })
      const expect = { status: 200, headers: { 'cache-control': 'no-store' } } as const
      const second = tokensOf(yield { send: refresh(first.refresh_token), expect })
      notStrictEqual(second.refresh_token, first.refresh_token)
      notStrictEqual(second.access_token, first.access_token)
      strictEqual(second.scope, first.scope)
      const again = tokensOf(yield { send: refresh(first.refresh_token), expect })
      strictEqual(again.refresh_token, second.refresh_token, 'within the grace the successor is the same')
      for (const token of [first.access_token, second.access_token, again.access_token]) {
        yield { send: { path: '/me', headers: [bearer(token)] }, expect: { status: 200 } }
      }
    },
  },
  {
    id: 'S03',
    title: 'a refresh token used again after its successor was used ends the session',
    section: 'RFC 9700 section 4.14.2',
    *steps() {
      const first = tokensOf(yield { send: login('admintak01', 'pwdforapitest01'), expect: { status: 200 } })
      const second = tokensOf(yield { send: refresh(first.refresh_token), expect: { status: 200 } })
      const third = tokensOf(yield { send: refresh(second.refresh_token), expect: { status: 200 } })
      yield { send: { path: '/me', headers: [bearer(third.access_token)] }, expect: { status: 200 } }
      yield { send: refresh(first.refresh_token), expect: GRANT }
      yield { send: refresh(third.refresh_token), expect: GRANT }
      yield { send: { path: '/me', headers: [bearer(third.access_token)] }, expect: INVALID_TOKEN }
    },
  },
  {
    id: 'S04',
    title: 'refresh with nothing that was ever issued',
    section: 'RFC 6749 section 5.2',
    *steps(world) {
      const { refresh_token } = tokensOf(yield { send: login('admintak', 'pwdforapitest'), expect: { status: 200 } })
      const flipped = refresh_token.slice(0, -2) + (refresh_token.endsWith('AA') ? 'BB' : 'AA')
      for (const token of ['', 'x', 'x'.repeat(64), world.mint(), flipped, `${refresh_token}=`])
        yield { send: refresh(token), expect: GRANT }
      for (const body of ['{}', '{"refresh_token":1}', '{"refresh_token":null}'])
        yield { send: post('/refresh', body), expect: { status: 400, code: 'invalid_request' } }
    },
  },
  {
    id: 'S04 padding',
    title: 'a refresh token in another spelling is no refresh token, and costs no session',
    section: 'RFC 4648 section 3.5',
    *steps() {
      const { refresh_token } = tokensOf(yield { send: login('admintak', 'pwdforapitest'), expect: { status: 200 } })
      for (const token of [`${refresh_token}=`, `${refresh_token}AAAA`, ` ${refresh_token}`, `${refresh_token}\n`])
        yield { send: refresh(token), expect: GRANT }
      yield { send: refresh(refresh_token), expect: { status: 200 } }
    },
  },
  {
    id: 'S01 session',
    title: 'logout ends every access token of the session, also one that was never shown before',
    section: 'RFC 7009 section 2.1',
    *steps() {
      const first = tokensOf(yield { send: login('admintak02', 'pwdforapitest02'), expect: { status: 200 } })
      const second = tokensOf(yield { send: refresh(first.refresh_token), expect: { status: 200 } })
      yield { send: { path: '/me', headers: [bearer(first.access_token)] }, expect: { status: 200 } }
      yield {
        send: { method: 'POST', path: '/logout', headers: [bearer(first.access_token)] },
        expect: { status: 204 },
      }
      yield { send: { path: '/me', headers: [bearer(second.access_token)] }, expect: INVALID_TOKEN }
      yield { send: refresh(second.refresh_token), expect: GRANT }
    },
  },
  {
    id: 'S01 lasts',
    title: 'what was revoked stays so: the session, its other access tokens, and a token alone',
    section: 'RFC 7009 section 2.1',
    async *steps({ mint }) {
      const first = tokensOf(yield { send: login('admintak02', 'pwdforapitest02'), expect: { status: 200 } })
      const second = tokensOf(yield { send: refresh(first.refresh_token), expect: { status: 200 } })
      const alone = mint()
      for (const token of [second.access_token, alone]) {
        yield { send: { method: 'POST', path: '/logout', headers: [bearer(token)] }, expect: { status: 204 } }
      }
      await sleep(2100)
      for (const token of [first.access_token, second.access_token, alone]) {
        yield { send: { path: '/me', headers: [bearer(token)] }, expect: INVALID_TOKEN }
      }
    },
  },
  {
    id: 'S01',
    title: 'logout, then reuse of the access token and of the refresh token',
    section: 'RFC 7009 section 2.1',
    *steps() {
      const tokens = tokensOf(yield { send: login('admintak02', 'pwdforapitest02'), expect: { status: 200 } })
      const other = tokensOf(yield { send: login('admintak02', 'pwdforapitest02'), expect: { status: 200 } })
      yield { send: { path: '/me', headers: [bearer(tokens.access_token)] }, expect: { status: 200 } }
      yield {
        send: { method: 'POST', path: '/logout', headers: [bearer(tokens.access_token)] },
        expect: { status: 204 },
      }
      yield { send: { path: '/me', headers: [bearer(tokens.access_token)] }, expect: INVALID_TOKEN }
      yield {
        send: { method: 'POST', path: '/logout', headers: [bearer(tokens.access_token)] },
        expect: { ...INVALID_TOKEN, challenges: [`${CHALLENGES.bearer}, error="invalid_token"`] },
      }
      yield { send: refresh(tokens.refresh_token), expect: GRANT }
      // Another session of the same user goes on.
      yield { send: { path: '/me', headers: [bearer(other.access_token)] }, expect: { status: 200 } }
      yield { send: refresh(other.refresh_token), expect: { status: 200 } }
    },
  },
  {
    id: 'T01',
    title: 'sessions: the caller’s own, the newest first, with the one that asks',
    section: 'SAMPLE-API, routes',
    async *steps(world) {
      const one = await world.login('test', '123£')
      const others = await world.login('admintak02', 'pwdforapitest02')
      const two = tokensOf(
        yield {
          send: { ...login('test', '123£'), headers: [JSON_TYPE, ['User-Agent', 'a phone']] },
          expect: { status: 200 },
        },
      )
      const listed = yield {
        send: { path: '/sessions', headers: [bearer(two.access_token)] },
        expect: { status: 200, headers: { 'content-type': 'application/json' } },
      }
      const { sessions } = json<{ sessions: readonly Session[] }>(listed)
      const [newest] = sessions
      strictEqual(sessions.filter(({ current }) => current).length, 1)
      strictEqual(newest?.device, 'a phone')
      const ids = sessions.map(({ id }) => id)
      strictEqual(ids.includes(sidOf(one.access_token)), true)
      strictEqual(ids.includes(sidOf(others.access_token)), false)
      strictEqual(newest?.current, true)
      strictEqual(newest?.client, 'self')
      strictEqual(Number.isInteger(newest?.created_at) && Number(newest?.expires_at) > Number(newest?.created_at), true)
      for (const secret of [one.refresh_token, two.refresh_token, two.access_token])
        strictEqual(listed.body.toString().includes(secret), false)
      yield { send: { path: '/sessions' }, expect: { status: 401, challenges: [CHALLENGES.bearer] } }
      yield {
        send: { path: '/sessions', headers: [['X-API-Key', world.demoKey]] },
        expect: { status: 401, challenges: [CHALLENGES.bearer] },
      }
      for (const { id } of sessions)
        yield { send: end(id, world.mint({ claims: { sub: 'usr_test' } })), expect: { status: 204 } }
    },
  },
  {
    id: 'T02',
    title: 'one session is ended: its tokens, at once; nobody else can end it, and none is told whether it is there',
    section: 'SAMPLE-API, routes',
    async *steps(world) {
      const [mine, ended] = [
        await world.login('admintak02', 'pwdforapitest02'),
        await world.login('admintak02', 'pwdforapitest02'),
      ]
      const other = await world.login('test', '123£')
      const id = sidOf(ended.access_token)
      const stranger = yield { send: end(id, other.access_token), expect: { status: 404, code: 'not_found' } }
      yield { send: end('nothing', other.access_token), expect: { status: 404, json: json(stranger) } }
      yield { send: { path: '/me', headers: [bearer(ended.access_token)] }, expect: { status: 200 } }
      yield { send: end(id, mine.access_token), expect: { status: 204 } }
      yield { send: { path: '/me', headers: [bearer(ended.access_token)] }, expect: INVALID_TOKEN }
      yield { send: refresh(ended.refresh_token), expect: GRANT }
      yield { send: end(id, mine.access_token), expect: { status: 404, code: 'not_found' } }
      yield { send: { path: '/me', headers: [bearer(mine.access_token)] }, expect: { status: 200 } }
      yield { send: refresh(mine.refresh_token), expect: { status: 200 } }
    },
  },
  {
    id: 'T03',
    title: 'logout everywhere: every token and session up to now, none that comes after, nobody else’s',
    section: 'SAMPLE-API, routes',
    async *steps(world) {
      const sessions = [
        await world.login('admintak02', 'pwdforapitest02'),
        await world.login('admintak02', 'pwdforapitest02'),
      ]
      const other = await world.login('test', '123£')
      const minted = world.mint({ claims: { sub: 'usr_admintak02' } })
      yield { send: { path: '/me', headers: [bearer(minted)] }, expect: { status: 200 } }
      yield {
        send: { method: 'POST', path: '/logout/everywhere', headers: [bearer(minted)] },
        expect: { status: 204, headers: { 'content-type': null } },
      }
      for (const { access_token, refresh_token } of sessions) {
        yield { send: { path: '/me', headers: [bearer(access_token)] }, expect: INVALID_TOKEN }
        yield { send: refresh(refresh_token), expect: GRANT }
      }
      yield { send: { path: '/me', headers: [bearer(minted)] }, expect: INVALID_TOKEN }
      const after = await world.login('admintak02', 'pwdforapitest02')
      yield { send: { path: '/me', headers: [bearer(after.access_token)] }, expect: { status: 200 } }
      yield { send: refresh(after.refresh_token), expect: { status: 200 } }
      yield { send: { path: '/me', headers: [bearer(other.access_token)] }, expect: { status: 200 } }
    },
  },
  {
    id: 'J24',
    title: 'a revoked token, and the same with = added',
    section: 'THREATS J24',
    *steps({ mint }) {
      const token = mint()
      yield { send: { path: '/me', headers: [bearer(token)] }, expect: { status: 200 } }
      yield { send: { method: 'POST', path: '/logout', headers: [bearer(token)] }, expect: { status: 204 } }
      for (const dead of [token, `${token}=`, `${token}==`])
        yield { send: { path: '/me', headers: [bearer(dead)] }, expect: INVALID_TOKEN }
    },
  },
]
