// What docs/migrate says is what happens: every option has its row, and every answer is that of a running server.
import { execFileSync } from 'node:child_process'
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { WireRequest, WireResponse } from '@countersign/conformance'
import { memoryStore } from '@countersign/store'
import { legacyTokens, localIssuer } from '@countersign/tokens'
import jwt from 'jsonwebtoken'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Both, startBoth } from './both.ts'
import { CASES, flaskClaims } from './cases.ts'
import { mint, now } from './minting.ts'
import { FLASK, OPTIONS, versionOf } from './options.ts'
import { codes, rowsOf, textOf } from './page.ts'
import { flask, type Running, say, start } from './running.ts'

const PAGES = Object.keys(CASES)
const STAYS = 'What stays'
const HOLES = 'Holes that close'
const DIFFERS = 'What else differs'
const LOST = 'What you lose'
const status = (answer: string) => Number(answer.slice(0, 3))

describe.each(PAGES)('%s', (page) => {
  const rows = rowsOf(page).filter(({ section }) => [STAYS, HOLES, DIFFERS, LOST].includes(section))
  let both: Both
  beforeAll(async () => {
    both = await startBoth(page)
  })
  afterAll(() => both?.stop())

  test('its table of options has every option that the library has, and no other', () => {
    const written = rowsOf(page)
      .filter(({ section }) => section === 'Every option')
      .flatMap(({ cells }) => codes(cells[0] as string))
    const declared = [...new Set(OPTIONS[page]?.())]
    expect(declared.length).toBeGreaterThan(20)
    const missing = declared.filter((name) => !written.includes(name))
    expect(missing, `docs/migrate/${page}.md: say what becomes of these`).toEqual([])
    const gone = written.filter((name) => !declared.includes(name))
    expect(gone, `docs/migrate/${page}.md: the library has no such option`).toEqual([])
    expect(written.length, 'no option twice').toBe(new Set(written).size)
  })

  test('every option has a twin or a reason', () => {
    for (const { section, cells } of rowsOf(page)) {
      if (section === 'Every option') expect(cells[1]?.length, cells[0]).toBeGreaterThan(5)
    }
  })

  test('every case has its row, and every row its case', () => {
    expect(rows.map(({ cells }) => cells[0]).sort()).toEqual((CASES[page] ?? []).map(({ name }) => name).sort())
  })

  test('rows stand under the heading that their answers deserve', () => {
    for (const { section, cells } of rows) {
      const [name, before = '', after = ''] = cells.map((cell) => codes(cell)[0] ?? cell)
      const [was, is] = [status(before), status(after)]
      if (section === STAYS) expect(was, name).toBe(is)
      if (section === STAYS && was === 200) expect(before, name).toBe(after)
      if (section === HOLES) expect([before === after, is >= 400], name).toEqual([false, true])
      if (section === LOST) expect([was, is].includes(200) && was !== is, name).toBe(true)
      if (section === DIFFERS) expect(before, name).not.toBe(after)
    }
    expect(rows.filter(({ section }) => section === HOLES).length).toBeGreaterThan(3)
  })

  test.each(CASES[page] ?? [])('$name: both servers answer as the page says', async (asked) => {
    const row = rows.find(({ cells }) => cells[0] === asked.name)
    const [before, after] = [codes(row?.cells[1] ?? '')[0], codes(row?.cells[2] ?? '')[0]]
    const answers = await both.answers(asked)
    if (answers.before !== undefined) expect(answers.before, 'the old server').toBe(before)
    expect(answers.after, 'the new server').toBe(after)
  })
})

describe('versions', () => {
  test('what two manifests need has its version once, in the catalog', () => {
    const root = new URL('../../', import.meta.url)
    const pinned = globSync(['{apps,packages}/*/package.json'], { cwd: fileURLToPath(root) })
      .filter((file) => !file.includes('/existing-')) // servers of somebody else, as they were
      .flatMap((file) => {
        const { dependencies = {}, devDependencies = {} } = JSON.parse(readFileSync(new URL(file, root), 'utf8'))
        return Object.entries<string>({ ...dependencies, ...devDependencies })
      })
      .filter(([, version]) => !/^(catalog|workspace):/.test(version))
      .map(([name]) => name)
    const twice = pinned.filter((name, at) => pinned.indexOf(name) !== at)
    expect(twice, 'pnpm-workspace.yaml: put these into the catalog').toEqual([])
  })

  test.each([
    ['express-jwt', ['express-jwt', 'jsonwebtoken', 'jwks-rsa']],
    ['express-oauth2-jwt-bearer', ['express-oauth2-jwt-bearer']],
    ['passport-jwt', ['passport-jwt', 'passport', 'jsonwebtoken', 'jwks-rsa']],
    ['fastify-jwt', ['@fastify/jwt']],
  ])('%s says which it was run against', (page, names) => {
    for (const name of names) expect(textOf(page)).toContain(`${name} ${versionOf(name)}`)
  })
})

test('an express-jwt server shows its stack to whoever sends a wrong token; the new one does not', async () => {
  const [before, after] = await Promise.all(['before', 'after'].map((when) => start(`express-jwt.${when}.ts`)))
  try {
    const wrong = { path: '/profile', headers: [['authorization', 'Bearer abc']] } as const
    expect((await before?.send(wrong))?.body.toString()).toMatch(/express-jwt\/dist\/index\.js:\d+/)
    expect((await after?.send(wrong))?.body.toString()).not.toContain('.js:')
  } finally {
    before?.stop()
    after?.stop()
  }
})

test('the old servers type-check', () => {
  const root = fileURLToPath(new URL('../..', import.meta.url))
  execFileSync(join(root, 'node_modules/.bin/tsc'), ['--noEmit', '-p', 'apps/migrate'], { cwd: root, stdio: 'pipe' })
})

if (!flask)
  console.warn(
    '\n!!! no Flask-JWT-Extended here: the old servers of flask-jwt-extended.md are LEFT OUT, and tokens made by hand. Debian has it: apt-get install python3-python-flask-jwt-extended\n',
  )

// Debian has the package: apt-get install python3-python-flask-jwt-extended. Without it the old column is not run.
describe.skipIf(!flask)('the installed Flask-JWT-Extended', () => {
  test('has the settings, functions and callbacks of the list', () => {
    const script = fileURLToPath(new URL('flask-options.py', import.meta.url))
    const names = execFileSync(flask?.python as string, [script])
      .toString()
      .trim()
      .split('\n')
    const known = [...FLASK.extracted.names, ...FLASK.later.map(({ name }) => name)]
    expect(names.filter((name) => !known.includes(name))).toEqual([])
    if (FLASK.extracted.from.includes(` ${flask?.version}-`))
      expect(names.sort()).toEqual([...FLASK.extracted.names].sort())
  })

  test('makes tokens of the form that is made by hand where it is missing', async () => {
    const server = await start('flask-jwt-extended.before.py')
    try {
      const answer = await server.send({
        method: 'POST',
        path: '/login',
        headers: [['content-type', 'application/json']],
        body: JSON.stringify({ username: 'test', password: 'test' }),
      })
      const { access_token, refresh_token } = JSON.parse(answer.body.toString())
      const partsOf = (token: string, at: number) =>
        JSON.parse(Buffer.from(token.split('.')[at] ?? '', 'base64url').toString())
      const form = (value: object) =>
        Object.entries(value)
          .map(([name, one]) => `${name}: ${typeof one}`)
          .sort()
      const byHand = mint(flaskClaims({ plan: 'pro' }))
      expect(form(partsOf(access_token, 1))).toEqual(form(partsOf(byHand, 1)))
      expect(form(partsOf(refresh_token, 1))).toEqual(form(flaskClaims()))
      expect(partsOf(access_token, 0)).toEqual(partsOf(byHand, 0))
    } finally {
      server.stop()
    }
  })
})

describe('a secret of six bytes', () => {
  const env = { SECRET: 'secret' }

  test.each(['express-jwt', 'passport-jwt', 'fastify-jwt'])(
    '%s takes it; the new server does not start',
    async (page) => {
      const server = await start(`${page}.before.ts`, env)
      try {
        const { token } = JSON.parse((await server.send({ method: 'POST', path: '/login' })).body.toString())
        const answer = await server.send({ path: '/profile', headers: [['authorization', `Bearer ${token}`]] })
        expect(answer.status).toBe(200)
      } finally {
        server.stop()
      }
      await expect(start(`${page}.after.ts`, env)).rejects.toThrow('secret is refused')
    },
  )
})

describe.each(['4', '5'])('the login kept, the check another, on Express %s', (express) => {
  const env = { EXPRESS: express, SECRET: 'the secret of at least 32 bytes that signed them' }
  const sign = (claims: object, options: jwt.SignOptions = {}, secret = env.SECRET) =>
    jwt.sign({ sub: 'user-1', ...claims }, secret, options)
  const profile = (token: string) => ({ path: '/profile', headers: [['authorization', `Bearer ${token}`]] as const })
  const login = (body: string) => ({
    method: 'POST',
    path: '/login',
    headers: [['content-type', 'application/json']] as const,
    body,
  })
  const tokenOf = (answer: WireResponse) => JSON.parse(answer.body.toString()).token as string

  test('express-jwt.keep.cjs: logs in, passes, refuses in the words of its own handler', async () => {
    const server = await start('express-jwt.keep.cjs', env)
    try {
      const token = tokenOf(await server.send(login('{"password":"secret"}')))
      expect(say(await server.send(profile(token)))).toBe('200 {"user":"user-1","admin":true}')
      const answered = async (request: WireRequest) => {
        const { status, body } = await server.send(request)
        return [status, JSON.parse(body.toString()).error]
      }
      const none = await server.send({ path: '/profile' })
      expect(say(none, 'www-authenticate')).toBe(
        '401 {"error":"unauthenticated","message":"This needs a credential; WWW-Authenticate lists the kinds that are accepted."} www-authenticate: Bearer realm="api"',
      )
      expect(await answered(login('{"password":"x"}'))).toEqual([401, 'invalid_credentials'])
      expect(await answered(login('{'))).toEqual([400, 'invalid_request'])
      const bad: Readonly<Record<string, string>> = {
        'token.expired': sign({}, { expiresIn: -40 }),
        'token.lifetime': sign({}, { expiresIn: '2d' }),
        'token.expiry': sign({}),
        'token.signature': sign({}, { expiresIn: '1h' }, 'another secret of at least 32 bytes, it is'),
        'token.subject': sign({ sub: undefined }, { expiresIn: '1h' }),
        'token.algorithm': sign({}, { expiresIn: '1h', algorithm: 'HS512' }),
      }
      for (const [reason, token] of Object.entries(bad)) {
        expect(await answered(profile(token)), reason).toEqual([401, 'invalid_token'])
        expect(server.output()).toContain(`GET /profile: ${reason}`)
      }
      expect(server.output()).not.toContain('eyJ')
      expect((await server.send(profile(sign({}, { expiresIn: -20 })))).status, 'within the leeway').toBe(200)
    } finally {
      server.stop()
    }
  })

  test('express-jwt.keep.cjs does not start with a short secret', async () => {
    await expect(start('express-jwt.keep.cjs', { ...env, SECRET: 'secret' })).rejects.toThrow('secret is refused')
  })

  test('express-jwt.rotate.cjs: tokens of the old secret and of the new one are good, and not each by the other', async () => {
    const server = await start('express-jwt.rotate.cjs', { ...env, OLD_SECRET: 'secret' })
    try {
      const fresh = tokenOf(await server.send({ method: 'POST', path: '/login' }))
      const issuer = 'https://api.acme.com'
      const statusOf = async (token: string) => (await server.send(profile(token))).status
      expect(await statusOf(fresh)).toBe(200)
      expect(await statusOf(sign({}, { expiresIn: '1h' }, 'secret'))).toBe(200)
      expect(await statusOf(sign({}, { expiresIn: '1h', issuer: 'https://old.acme.com' }, 'secret'))).toBe(200)
      expect(await statusOf(sign({}, { expiresIn: '1h', issuer }, 'secret'))).toBe(401)
      expect(await statusOf(sign({}, { expiresIn: '1h' }))).toBe(401)
    } finally {
      server.stop()
    }
  })
})

test.each([
  ['4', 'function'],
  ['5', 'undefined'], // Express 5 has no lazyrouter
])('EXPRESS=%s loads that Express, by import and by require', async (express, lazyrouter) => {
  const hook = new URL('../snippets/express4.mjs', import.meta.url).href
  const ask = (code: string, type: string) =>
    execFileSync(
      process.execPath,
      [...(express === '4' ? ['--import', hook] : []), `--input-type=${type}`, '-e', code],
      {
        cwd: fileURLToPath(new URL('.', import.meta.url)),
      },
    ).toString()
  const print = 'console.log(typeof express.application.lazyrouter)'
  expect(ask(`const express = require('express'); ${print}`, 'commonjs').trim()).toBe(lazyrouter)
  expect(ask(`import express from 'express'; ${print}`, 'module').trim()).toBe(lazyrouter)
})

describe('after the change', () => {
  const bearer = (token: string) => [['authorization', `Bearer ${token}`]] as const
  const json = [['content-type', 'application/json']] as const
  const parsed = async (server: Running, request: WireRequest) =>
    JSON.parse((await server.send(request)).body.toString()) as Record<string, string>

  test.each(['express-jwt', 'passport-jwt', 'fastify-jwt'])('%s: a token of the new login is as good', async (page) => {
    const [before, after] = await Promise.all([start(`${page}.before.ts`), start(`${page}.after.ts`)])
    try {
      const said = async (server: Running) => {
        const { token = '' } = await parsed(server, { method: 'POST', path: '/login' })
        return say(await server.send({ path: '/profile', headers: bearer(token) }))
      }
      expect(await said(after)).toBe(await said(before))
    } finally {
      before.stop()
      after.stop()
    }
  })

  test('fastify-jwt: whoever logs out is out, with a token of either login', async () => {
    const [before, after] = await Promise.all([start('fastify-jwt.before.ts'), start('fastify-jwt.after.ts')])
    try {
      for (const server of [before, after]) {
        const { token = '' } = await parsed(server, { method: 'POST', path: '/login' })
        const { token: other = '' } = await parsed(server, { method: 'POST', path: '/login' })
        const request = { path: '/profile', headers: bearer(token) }
        expect((await after.send(request)).status).toBe(200)
        expect((await after.send({ method: 'POST', path: '/logout', headers: bearer(token) })).status).toBe(204)
        expect(say(await after.send(request))).toBe('401 invalid_token')
        expect((await after.send({ path: '/profile', headers: bearer(other) })).status).toBe(200)
      }
    } finally {
      before.stop()
      after.stop()
    }
  })

  test("flask-jwt-extended: werkzeug's hash, fresh, refresh, logout", async () => {
    const server = await start('flask-jwt-extended.after.ts')
    try {
      const login = (password: string) => {
        const body = JSON.stringify({ username: 'test', password })
        return { method: 'POST', path: '/login', headers: json, body }
      }
      expect(say(await server.send(login('x')))).toBe('401 invalid_credentials')
      const first = await parsed(server, login('test'))
      expect(say(await server.send({ path: '/danger', headers: bearer(first.access_token ?? '') }))).toBe(
        '200 {"done":true}',
      )
      const body = JSON.stringify({ refresh_token: first.refresh_token })
      const second = await parsed(server, { method: 'POST', path: '/refresh', headers: json, body })
      const old = mint(flaskClaims())
      for (const token of [second.access_token ?? '', old]) {
        const request = { path: '/protected', headers: bearer(token) }
        expect(say(await server.send(request))).toBe('200 {"logged_in_as":"test","plan":"pro"}')
        expect((await server.send({ method: 'POST', path: '/logout', headers: bearer(token) })).status).toBe(204)
        expect(say(await server.send(request))).toBe('401 invalid_token')
      }
      const again = JSON.stringify({ refresh_token: second.refresh_token })
      expect(say(await server.send({ method: 'POST', path: '/refresh', headers: json, body: again }))).toBe(
        '400 invalid_grant',
      )
    } finally {
      server.stop()
    }
  })
})

describe('roll-out', () => {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-roll-out-'))
  const servers: Record<string, Running> = {}
  const tokens: Record<string, string> = {}
  const rows = rowsOf('README').filter(({ section }) => section === 'Roll-out')
  beforeAll(async () => {
    const store = { STORE: join(folder, 'auth.db') }
    servers['the old server'] = await start('express-jwt.before.ts')
    for (const stage of ['1', '2', '3'])
      servers[`stage ${stage}`] = await start('roll-out.ts', { ...store, STAGE: stage })
    for (const [name, server] of Object.entries(servers)) {
      tokens[name] = JSON.parse((await server.send({ method: 'POST', path: '/login' })).body.toString()).token
    }
  })
  afterAll(() => {
    for (const server of Object.values(servers)) server.stop()
    rmSync(folder, { recursive: true })
  })

  test('each stage takes the tokens that the page says', async () => {
    const found: string[][] = []
    for (const [name, token] of Object.entries(tokens)) {
      const row = [name]
      for (const server of Object.values(servers)) {
        const answer = await server.send({ path: '/profile', headers: [['authorization', `Bearer ${token}`]] })
        row.push(`\`${answer.status}\``)
      }
      found.push(row)
    }
    expect(rows.map(({ cells }) => cells)).toEqual(found)
  })

  test('the counter shows old tokens, and until when the last one lives', async () => {
    const counted = async () =>
      JSON.parse((await servers['stage 2']?.send({ path: '/metrics' }))?.body.toString() ?? '')
    const bearer = (token: string | undefined) => ({
      path: '/profile',
      headers: [['authorization', `Bearer ${token}`]] as const,
    })
    const start = await counted()
    await servers['stage 2']?.send(bearer(tokens['stage 2']))
    expect(await counted()).toEqual(start)
    await servers['stage 2']?.send(bearer(tokens['the old server']))
    const { oldTokens, lastExpires } = await counted()
    expect(oldTokens).toBe(start.oldTokens + 1)
    expect(lastExpires - now()).toBeGreaterThan(3500)
    expect(lastExpires - now()).toBeLessThanOrEqual(3600)
  })

  test('own tokens with the iss of the old ones would refuse the old ones', async () => {
    const issuer = 'https://login.acme.com'
    const audience = 'https://api.acme.com'
    const token = mint({ sub: 'user-1', iss: issuer, aud: audience, iat: now(), exp: now() + 60 })
    const secret = 'the secret of at least 32 bytes that signed them'
    const old = legacyTokens({ algorithms: ['HS256'], secret, issuer, audience, type: 'JWT' })
    expect(await old.verify(token)).toMatchObject({ subject: 'user-1' })
    const same = localIssuer({ issuer, audience, store: memoryStore() })
    expect(await same.verify(token)).toMatchObject({ code: 'invalid_token' }) // final: the next is not asked
    const other = localIssuer({ issuer: audience, audience, store: memoryStore() })
    expect(await other.verify(token)).toBeUndefined()
  })
})

test('say shows no token', () => {
  const body = Buffer.from(JSON.stringify({ access_token: mint({ sub: 'a' }) }))
  expect(say({ status: 200, headers: [], body, continued: false })).toBe('200 {"access_token":"…"}')
})
