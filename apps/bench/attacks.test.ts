import { readFileSync } from 'node:fs'
import express from 'express'
import jwt from 'jsonwebtoken'
import { beforeAll, expect, test } from 'vitest'
import { page } from './attack-page.ts'
import { attackAll, type Results } from './attack-run.ts'
import { type AttackedServer, OURS, PEERS, WITH_MORE } from './attack-servers.ts'
import { listen } from './peers/peer.ts'

const PAGE = new URL('../../docs/attacks.md', import.meta.url)
const servers: readonly AttackedServer[] = [...PEERS, ...OURS, ...WITH_MORE]
let results: Results
beforeAll(async () => {
  results = await attackAll(servers)
})
const withOutcome = (server: string, outcome: string, { rows } = results) =>
  rows.filter(({ cells }) => cells[server]?.outcome === outcome).map(({ id }) => id)

test('docs/attacks.md says what the servers answer', () => {
  const [before, after] = [readFileSync(PAGE, 'utf8'), page(results)]
  expect(changes(before, after), 'docs/attacks.md is out of date: npm run attacks').toEqual([])
  expect(after).toBe(before)
})

test('a cell that has changed is named', () => {
  const after = page(results)
  const before = after.replace(/^(\| an expired token \| )✅ 401/m, '$1✅ 403')
  expect(changes(before, after)[0]).toMatch(/^an expired token, express-jwt \S+: "✅ 403" is now "✅ 401"$/)
})

test.each(OURS)('$name refuses every attack', ({ name }) => {
  expect(withOutcome(name, 'right')).toEqual(results.rows.map(({ id }) => id))
})

test('a server that does not check signatures is let in by what nobody signed, and by nothing else', async () => {
  const unsigned: AttackedServer = {
    name: 'unsigned',
    lacks: [],
    start: ({ issuer, audience }) => {
      const app = express()
      app.get('/posts', ({ headers: { authorization } }, response) => {
        const said = jwt.decode(authorization?.replace(/^Bearer /, '') ?? '', { json: true })
        const good = said?.iss === issuer && said.aud === audience && (said.exp ?? 0) > Date.now() / 1000
        response
          .status(good ? 200 : 401)
          .set('www-authenticate', 'Bearer')
          .end()
      })
      return listen(app)
    },
  }
  const broken = await attackAll([unsigned])
  const forged = results.rows
    .filter(
      ({ id, sender }) => sender === 'anybody' && /^(alg|signature|claims|key|kid|confusion)\.|garbage|dots/.test(id),
    )
    .map(({ id }) => id)
  const unreadable = ['signature.absent', 'garbage', 'dots']
  const letIn = withOutcome('unsigned', 'let in', broken)
  expect(letIn.filter((id) => forged.includes(id))).toEqual(forged.filter((id) => !unreadable.includes(id)))
  for (const id of ['expired', 'aud.other', 'iss.other', 'none', ...unreadable]) expect(letIn).not.toContain(id)
  expect(letIn).toContain('scope.none') // nobody said that it lacks scopes
  expect(withOutcome('unsigned', 'lenient', broken)).toContain('claims.duplicate')
})

test('a server that breaks, one that asks for nothing and one without a challenge are told', async () => {
  const answering = (name: string, status: (token: string) => number): AttackedServer => ({
    name,
    lacks: [],
    start: ({ keys: [good] = [] }) => {
      const app = express()
      app.use(({ headers: { authorization } }, response) => {
        response.status(authorization === `Bearer ${good}` ? 200 : status(authorization ?? '')).end()
      })
      return listen(app)
    },
  })
  const told = await attackAll([
    answering('breaks', () => 500),
    answering('bare', () => 200),
    answering('mute', () => 401),
  ])
  const doubled = ['header.doubled', 'header.good-bad'] // Node gives the first of two lines
  expect(withOutcome('breaks', 'lenient', told)).toEqual(doubled)
  const rest = told.rows.map(({ id }) => id).filter((id) => !doubled.includes(id))
  expect(withOutcome('breaks', 'broke', told)).toEqual(rest)
  expect(withOutcome('bare', 'let in', told)).toContain('none')
  expect(withOutcome('mute', 'no challenge', told)).toEqual(['none'])
  expect(withOutcome('mute', 'another', told)).toContain('scope.none')
})

test('a server that refuses the good request proves nothing', async () => {
  const closed: AttackedServer = {
    name: 'closed',
    lacks: [],
    start: () => listen(express().use((_request, response) => void response.status(401).end())),
  }
  await expect(attackAll([closed])).rejects.toThrow('closed refused the good request: 401')
})

test('every check that a library is said to lack is one that lets something in', () => {
  for (const { name, lacks } of servers)
    for (const start of lacks)
      expect(
        withOutcome(name, 'not offered').filter((id) => id.startsWith(start)),
        `${name}: ${start}`,
      ).not.toEqual([])
})

test('what says nothing of a server without tokens is every token but the good one', () => {
  const open = withOutcome('@fastify/bearer-auth', '—')
  for (const id of ['alg.none', 'expired', 'scope.none', 'garbage', 'signature.padding']) expect(open).toContain(id)
  for (const id of [
    'none',
    'path.case',
    'query',
    'cookie',
    'header.doubled',
    'header.bare',
    'header.empty',
    'scheme.unknown',
  ])
    expect(open).not.toContain(id)
})

test.each(PEERS)('the README of $name has the sections that its form comes from', ({ packages: [name], sections }) => {
  const readme = ['README.md', 'Readme.md'].flatMap((file) => {
    try {
      return [readFileSync(new URL(`node_modules/${name}/${file}`, import.meta.url), 'utf8')]
    } catch {
      return []
    }
  })[0]
  const headings = [...(readme ?? '').matchAll(/^#+ (.+)$/gm)].map(([, heading]) => heading?.replaceAll('`', '').trim())
  for (const section of sections)
    expect(
      headings.some((heading) => heading?.startsWith(section)),
      `"${section}" in ${headings.join(', ')}`,
    ).toBe(true)
})

/** The cells of the two pages that differ, each by its row and its column. */
function changes(before: string, after: string): string[] {
  const [old, fresh] = [cellsOf(before), cellsOf(after)]
  return [...new Set([...old.keys(), ...fresh.keys()])]
    .filter((key) => old.get(key) !== fresh.get(key))
    .map((key) => `${key}: "${old.get(key) ?? ''}" is now "${fresh.get(key) ?? ''}"`)
}

function cellsOf(text: string): Map<string, string> {
  const cells = new Map<string, string>()
  let head: readonly string[] = []
  let inside = false
  for (const line of text.split('\n')) {
    const row = line.startsWith('| ') ? line.slice(2, -2).split(' | ') : undefined
    if (row && !inside) head = row
    else if (row && row[0] !== '---')
      for (const [at, cell] of row.entries()) if (at > 0) cells.set(`${row[0]}, ${head[at]}`, cell)
    inside = row !== undefined
  }
  return cells
}
