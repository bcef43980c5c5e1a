import { match, ok } from 'node:assert/strict'
import { ALL, basic, type Case, CHALLENGES, type Expectation, JSON_TYPE } from '../case.ts'
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
const WRONG: Expectation = { status: 401, code: 'invalid_credentials', challenges: [CHALLENGES.bearer] }
const LIMITED: Expectation = {
  status: 429,
  code: 'too_many_requests',
  challenges: [],
  headers: { 'cache-control': 'no-store' },
  also(response) {
    match(field(response, 'retry-after') ?? '', /^[1-9][0-9]{0,2}$/)
    ok(field(response, 'ratelimit')?.startsWith('"failed-logins";r=0;t='), field(response, 'ratelimit'))
    ok(
      field(response, 'ratelimit-policy')?.startsWith('"failed-logins";q=10;w=900'),
      field(response, 'ratelimit-policy'),
    )
  },
}
export const loginLimitCases: readonly Case[] = [
  {
    id: 'R01',
    title:
      'the eleventh failed login: 429, whatever the case of the name and the address that is claimed; Basic counts too',
    section: 'THREATS R01, RFC 6585 section 4, RFC 9110 section 10.2.3',
    *steps() {
      for (let at = 0; at < 9; at++) {
        const claimed = ['X-Forwarded-For', `203.0.113.${at}`] as const
        yield { send: login(at % 2 ? 'R01-Victim' : 'r01-victim', `wrong-${at}`, claimed), expect: WRONG }
      }
      const byBasic = (password: string): WireRequest => ({ path: '/me', headers: [basic('r01-VICTIM', password)] })
      yield { send: byBasic('wrong-9'), expect: { status: 401, code: 'invalid_credentials', challenges: ALL } }
      yield { send: login('r01-victim', 'wrong-10', ['X-Forwarded-For', '2001:db8::1']), expect: LIMITED }
      yield { send: login('R01-VICTIM', 'wrong-11', ['Forwarded', 'for=198.51.100.7']), expect: LIMITED }
      yield { send: byBasic('wrong-12'), expect: LIMITED }
      // Somebody else at the same address.
      yield { send: login('r01-other', 'wrong'), expect: WRONG }
      yield { send: login('admintak', 'pwdforapitest'), expect: { status: 200 } }
    },
  },
  {
    id: 'R02',
    title: 'a right password ends the count of that user there',
    section: 'THREATS R01',
    *steps() {
      for (let round = 0; round < 2; round++) {
        for (let at = 0; at < 6; at++) yield { send: login('admintak02', `wrong-${at}`), expect: WRONG }
        yield { send: login('admintak02', 'pwdforapitest02'), expect: { status: 200 } }
      }
    },
  },
  {
    id: 'R03',
    title: 'the form of old is limited as the login is',
    section: 'THREATS R01',
    *steps() {
      const form = (password: string): WireRequest => ({
        method: 'POST',
        path: '/token',
        headers: [['Content-Type', 'application/x-www-form-urlencoded']],
        body: `username=r03-victim&password=${password}`,
      })
      for (let at = 0; at < 10; at++) yield { send: form(`wrong-${at}`), expect: { status: 400, foreign: true } }
      yield { send: form('wrong'), expect: LIMITED }
    },
  },
]
