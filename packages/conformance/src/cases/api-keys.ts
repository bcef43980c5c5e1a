import { ok, strictEqual } from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { crc32 } from 'node:zlib'
import { bearer, type Case, CHALLENGES, JSON_TYPE, json, type World } from '../case.ts'

const KEY_WRONG = {
  status: 401,
  code: 'invalid_token',
  challenges: [CHALLENGES.bearer, `${CHALLENGES.apiKey}, error="invalid_token"`, CHALLENGES.basic],
} as const
const asUser = (world: World, sub: string, scope = 'keys:manage posts:read posts:write') =>
  bearer(world.mint({ claims: { sub, scope } }))
const create = (world: World, sub: string, body: object) =>
  ({ method: 'POST', path: '/api-keys', headers: [asUser(world, sub), JSON_TYPE], body: JSON.stringify(body) }) as const

/** A key as an attacker who knows the format would spell it: with a right checksum (CRC-32 in base62). */
function spell(prefix: string, id: string, secret: string): string {
  const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
  const text = prefix + id + secret
  let checksum = ''
  for (let rest = crc32(text), i = 0; i < 6; i++, rest = Math.floor(rest / 62))
    checksum = alphabet[rest % 62] + checksum
  return text + checksum
}

export const apiKeyCases: readonly Case[] = [
  {
    id: 'K02',
    title: 'a key over its life: made, used, listed without its secret, rotated with an overlap, revoked',
    section: 'SAMPLE-API, routes',
    *steps(world) {
      const sub = 'usr_life'
      const made = yield {
        send: create(world, sub, { name: 'mine', scopes: ['posts:read'] }),
        expect: { status: 201, headers: { 'cache-control': 'no-store', 'content-type': 'application/json' } },
      }
      const { id, key } = json<{ id: string; key: string }>(made)
      yield {
        send: { path: '/me', headers: [['X-API-Key', key]] },
        expect: { status: 200, json: { subject: sub, scheme: 'apiKey', scopes: ['posts:read'], roles: [] } },
      }
      yield {
        send: { path: '/api-keys', headers: [asUser(world, sub)] },
        expect: {
          status: 200,
          also: (response) => {
            ok(!response.body.toString().includes(key.slice(-20)), 'the list holds a secret')
            strictEqual(json<{ keys: { id: string }[] }>(response).keys[0]?.id, id)
          },
        },
      }
      const rotated = yield {
        send: { method: 'POST', path: `/api-keys/${id}/rotate`, headers: [asUser(world, sub)] },
        expect: { status: 200, headers: { 'cache-control': 'no-store' } },
      }
      const next = json<{ id: string; key: string }>(rotated)
      for (const good of [key, next.key])
        yield { send: { path: '/me', headers: [['X-API-Key', good]] }, expect: { status: 200 } }
      for (const one of new Set([id, next.id])) {
        yield {
          send: { method: 'DELETE', path: `/api-keys/${one}`, headers: [asUser(world, sub)] },
          expect: { status: 204 },
        }
      }
      for (const dead of [key, next.key])
        yield { send: { path: '/me', headers: [['X-API-Key', dead]] }, expect: KEY_WRONG }
      yield {
        send: { method: 'DELETE', path: `/api-keys/nothing`, headers: [asUser(world, sub)] },
        expect: { status: 404, code: 'not_found' },
      }
    },
  },
  {
    id: 'K01 secret',
    title: 'a right id with another secret, a secret under another id: checksums right, both wrong',
    section: 'THREATS K01',
    *steps({ demoKey }) {
      const [, prefix = '', id = '', secret = ''] = /^(.+_)(.{16})(.{32}).{6}$/.exec(demoKey) ?? []
      const turned = (text: string) => [...text].reverse().join('')
      yield { send: { path: '/me', headers: [['X-API-Key', spell(prefix, id, secret)]] }, expect: { status: 200 } }
      for (const wrong of [
        spell(prefix, id, turned(secret)),
        spell(prefix, id, '0'.repeat(32)),
        spell(prefix, turned(id), secret),
      ]) {
        yield { send: { path: '/me', headers: [['X-API-Key', wrong]] }, expect: KEY_WRONG }
      }
    },
  },
  {
    id: 'K01 expired',
    title: 'an expired key is a wrong key',
    section: 'THREATS K01',
    async *steps(world) {
      const made = yield {
        send: create(world, 'usr_short', { name: 'short', scopes: ['posts:read'], expires_in: 1 }),
        expect: { status: 201 },
      }
      const { key } = json<{ key: string }>(made)
      yield { send: { path: '/me', headers: [['X-API-Key', key]] }, expect: { status: 200 } }
      await sleep(2100)
      yield { send: { path: '/me', headers: [['X-API-Key', key]] }, expect: KEY_WRONG }
    },
  },
  {
    id: 'K03',
    title: 'an owner in the body is refused, and nothing is made',
    section: 'THREATS K03 (better-auth 2025)',
    *steps(world) {
      const sub = 'usr_maker'
      for (const owner of ['owner', 'subject', 'user', 'user_id', 'userId', 'sub']) {
        yield {
          send: create(world, sub, { name: 'x', scopes: ['posts:read'], [owner]: 'usr_admintak' }),
          expect: { status: 400, code: 'invalid_request' },
        }
      }
      yield { send: { path: '/api-keys', headers: [asUser(world, sub)] }, expect: { status: 200, json: { keys: [] } } }
      yield {
        send: { path: '/api-keys', headers: [asUser(world, 'usr_admintak')] },
        expect: { status: 200, json: { keys: [] } },
      }
    },
  },
  {
    id: 'K04',
    title: 'a key never gets scopes that its maker lacks',
    section: 'SAMPLE-API, routes',
    *steps(world) {
      const sub = 'usr_small'
      yield {
        send: create(world, sub, { name: 'x', scopes: ['posts:read', 'posts:delete'] }),
        expect: {
          status: 403,
          code: 'insufficient_scope',
          challenges: [`${CHALLENGES.bearer}, error="insufficient_scope", scope="keys:manage posts:read posts:delete"`],
        },
      }
      yield { send: { path: '/api-keys', headers: [asUser(world, sub)] }, expect: { status: 200, json: { keys: [] } } }
    },
  },
  {
    id: 'K05',
    title: "another's key is nobody's: not found, and still good",
    section: 'SAMPLE-API, routes',
    *steps(world) {
      const made = yield {
        send: create(world, 'usr_owner', { name: 'x', scopes: ['posts:read'] }),
        expect: { status: 201 },
      }
      const { id, key } = json<{ id: string; key: string }>(made)
      yield {
        send: { method: 'DELETE', path: `/api-keys/${id}`, headers: [asUser(world, 'usr_thief')] },
        expect: { status: 404, code: 'not_found' },
      }
      yield {
        send: { method: 'POST', path: `/api-keys/${id}/rotate`, headers: [asUser(world, 'usr_thief')] },
        expect: { status: 404, code: 'not_found' },
      }
      yield { send: { path: '/me', headers: [['X-API-Key', key]] }, expect: { status: 200 } }
      yield {
        send: { method: 'DELETE', path: `/api-keys/${id}`, headers: [asUser(world, 'usr_owner')] },
        expect: { status: 204 },
      }
      yield { send: { path: '/me', headers: [['X-API-Key', key]] }, expect: KEY_WRONG }
    },
  },
  {
    id: 'K05 list',
    title: 'a list holds the own keys alone',
    section: 'SAMPLE-API, routes',
    *steps(world) {
      for (const sub of ['usr_one', 'usr_two', 'usr_three'])
        yield { send: create(world, sub, { name: sub, scopes: [] }), expect: { status: 201 } }
      for (const sub of ['usr_one', 'usr_two', 'usr_three']) {
        yield {
          send: { path: '/api-keys', headers: [asUser(world, sub)] },
          expect: {
            status: 200,
            also: (response) => {
              const { keys } = json<{ keys: readonly { name: string }[] }>(response)
              strictEqual(keys.map(({ name }) => name).join(' '), sub)
            },
          },
        }
      }
    },
  },
  {
    id: 'K06',
    title: 'keys are made with a bearer token alone, and with its scope',
    section: 'SAMPLE-API, routes',
    *steps(world) {
      yield {
        send: {
          method: 'POST',
          path: '/api-keys',
          headers: [['X-API-Key', world.demoKey], JSON_TYPE],
          body: '{"name":"x","scopes":[]}',
        },
        expect: { status: 401, code: 'unauthenticated', challenges: [CHALLENGES.bearer] },
      }
      yield {
        send: { path: '/api-keys', headers: [asUser(world, 'usr_x', 'posts:read')] },
        expect: {
          status: 403,
          code: 'insufficient_scope',
          challenges: [`${CHALLENGES.bearer}, error="insufficient_scope", scope="keys:manage"`],
        },
      }
    },
  },
]
