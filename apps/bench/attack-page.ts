// docs/attacks.md: every cell is what a server answered; every number is counted.
import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Attack } from '@countersign/testing'
import type { Cell, Outcome, Results, Row } from './attack-run.ts'
import { OURS, PEERS, WITH_MORE } from './attack-servers.ts'

const SHOWN: Readonly<Record<Outcome, { readonly mark: string; readonly says: string }>> = {
  right: { mark: '✅', says: '' },
  'let in': { mark: '❌', says: 'let in' },
  'not offered': { mark: '⚪', says: 'not offered' },
  lenient: { mark: '🟡', says: 'lenient' },
  broke: { mark: '🟡', says: 'broke' },
  'no challenge': { mark: '🟡', says: 'no challenge' },
  another: { mark: '🟡', says: 'another answer' },
  '—': { mark: '—', says: '' },
}

// biome-ignore format: a table
const SUMS: readonly { readonly title: string; readonly outcomes: readonly Outcome[] }[] = [
  { title: '✅ refused', outcomes: ['right'] },
  { title: '❌ let in', outcomes: ['let in'] },
  { title: '⚪ let in, a check that the library does not offer', outcomes: ['not offered'] },
  { title: '🟡 taken, where strictness refuses', outcomes: ['lenient'] },
  { title: '🟡 refused, but by a 5xx or without a challenge', outcomes: ['broke', 'no challenge', 'another'] },
  { title: '— says nothing about it', outcomes: ['—'] },
]

const COLUMNS = [...PEERS, ...OURS].map(({ name }) => name)

/** The whole page. It holds no date and no port: the same answers are the same bytes. */
export function page({ control, rows: attacks, leftOut }: Results): string {
  const known = versions()
  const headed = COLUMNS.map((name) => (known[name] ? `${name} ${known[name]}` : `**${name}**`))
  return [
    '# What the attack kit finds',
    '',
    '<!-- Written by `npm run attacks` (apps/bench/attacks.ts). Do not edit: a test compares it with what the servers answer. -->',
    '',
    `The ${attacks.length} attacks that [\`attacksOn\`](../packages/testing/README.md) makes for a route with a bearer token and a scope, each sent over a socket ` +
      'to a server on the loopback. One issuer (RS256, key `test`) signs for all servers; each is set up as its README recommends, with issuer, audience and ' +
      'algorithm fixed. A good request passes everywhere, before anything else is sent.',
    '',
    ...table(['', ...headed], [...sums(attacks)]),
    '## How to read it',
    '',
    'A cell is the status that came, and what it means:',
    '',
    '- ✅ **refused**, with a status that fits (in the first row: the good request passes).',
    '- ❌ **let in**: somebody reaches the route who must not, and the library has what it takes to refuse. A way in.',
    '- ⚪ **not offered**: let in as well, but the library has no such check. It never said that it would; whoever uses it has to write it.',
    '- 🟡 **lenient**: the request passes, and nobody new gets in by that: only the issuer, or the holder of a good token, can make it. ' +
      'These rows are strictness, not holes. RFC 7519 section 4 itself leaves a parser the choice of taking the last of two equal claims, and makes `exp` optional; ' +
      'RFC 4648 section 3.5 lets decoders ignore spare bits. They matter where a token is told from another by its text: in a cache, a list of revoked tokens, a log.',
    '- 🟡 **broke**: 5xx; **no challenge**: a 401 without `WWW-Authenticate` (RFC 9110 section 15.5.2). Nobody gets in by either.',
    '- — the attack says nothing about this server.',
    '',
    'The logout token and the ID token are made with the audience of the API. That is so where a client and its API are registered as one; ' +
      'an API with an audience of its own refuses them by that.',
    '',
    `A ❌ is no verdict on a library: it is what its form from the README does with one request. What an option more closes is [below](#with-an-option-more). Countersign ` +
      'wrote the kit, so its own columns prove only that it does what it set out to do.',
    '',
    '## How each is set up',
    '',
    ...PEERS.flatMap((peer) => [
      `**${peer.packages.map((name) => `${name} ${known[name]}`).join(', on ')}**, from ${peer.sections.map((one) => `“${one}”`).join(', ')} of its README ` +
        `([the server](../apps/bench/peers/${peer.file})): ${peer.configured}. ${peer.leaves}` +
        (peer.noTokens === undefined ? '' : ` Rows about tokens are left open (—): ${peer.noTokens}.`),
      '',
    ]),
    '**Countersign**, from the READMEs of [tokens](../packages/tokens/README.md), [express](../packages/express/README.md) and ' +
      '[fastify](../packages/fastify/README.md) ([the servers](../apps/bench/peers/countersign-express.ts)): ' +
      '`policy({ accept: bearer(remoteIssuer(issuer, { audience })), scopes })`. Whose object it is remains for the handler.',
    '',
    `All of them on Express ${known.express} or Fastify ${known.fastify}. Left out here: ${leftOut.map(({ id, why }) => `\`${id}\` (${why})`).join('; ') || 'nothing'}.`,
    '',
    '## Attack by attack',
    '',
    ...table(
      ['attack', ...headed, 'asked for in'],
      [
        ['the good request passes', ...COLUMNS.map((name) => text(control[name])), 'the control of all others'],
        ...senders(attacks).flatMap(({ severity, sender }) => [
          [`**${severity === 'way in' ? 'A way in' : 'Strictness'}**, sent by ${sender}`, ...COLUMNS.map(() => ''), ''],
          ...attacks.filter((row) => row.sender === sender).map((row) => line(row, COLUMNS)),
        ]),
        ...sums(attacks).map((cells) => [...cells.map((cell) => `**${cell}**`), '']),
      ],
    ),
    '## With an option more',
    '',
    'Where a library has an option that its README does not show in the form above, the same attacks against the same server with it. Only the rows that change:',
    '',
    ...WITH_MORE.flatMap(({ name, than, where }) => {
      const changed = attacks.filter(({ cells }) => text(cells[name]) !== text(cells[than]))
      return [
        `**${than}** with ${name}, ${where}: ${count(attacks, name, 'let in')} let in instead of ${count(attacks, than, 'let in')}.`,
        '',
        ...table(
          ['attack', 'README', 'with the option'],
          changed.map((row) => [escaped(row.name), text(row.cells[than]), text(row.cells[name])]),
        ),
      ]
    }),
    '## Against your own server',
    '',
    'From a terminal, with a token of yours, against a server in any language ([countersign](../packages/countersign/README.md)):',
    '',
    '```sh',
    'npx countersign attack http://127.0.0.1:3000/posts --token - < token.txt',
    '```',
    '',
    'Inside your tests, with an issuer that signs the bad tokens too: [`attacksOn`](../packages/testing/README.md). This page again: `npm run attacks`.',
    '',
  ].join('\n')
}

/** Who can send attacks, those that make a way in first. */
function senders(attacks: readonly Row[]): Pick<Attack, 'sender' | 'severity'>[] {
  const met = new Map(attacks.map(({ sender, severity }) => [sender, severity]))
  return [...met]
    .map(([sender, severity]) => ({ sender, severity }))
    .toSorted((a, b) => Number(a.severity === 'strictness') - Number(b.severity === 'strictness'))
}

/** A line for each sum, over all attacks. */
export function sums(attacks: readonly Row[]): string[][] {
  return SUMS.map(({ title, outcomes }) => [
    title,
    ...COLUMNS.map((name) => `${outcomes.reduce((sum, outcome) => sum + count(attacks, name, outcome), 0)}`),
  ])
}

function count(attacks: readonly Row[], server: string, outcome: Outcome): number {
  return attacks.filter(({ cells }) => cells[server]?.outcome === outcome).length
}

function line({ name, section, cells }: Row, servers: readonly string[]): string[] {
  return [escaped(name), ...servers.map((server) => text(cells[server])), section]
}

function text(cell: Cell | undefined): string {
  if (!cell) return ''
  const { mark, says } = SHOWN[cell.outcome]
  return [mark, cell.outcome === '—' ? '' : cell.status || 'no answer', says].filter(Boolean).join(' ')
}

function escaped(name: string): string {
  return name.replace(/[_*|<`]/g, '\\$&')
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const joined = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [joined(head), joined(head.map(() => '---')), ...rows.map(joined), '']
}

/** As installed, of the peers, of what they verify with, and of the frameworks. */
function versions(): Readonly<Record<string, string>> {
  const frameworks = ['express', 'fastify'].map((name) => installed(name, import.meta.dirname))
  const peers = PEERS.flatMap(({ packages: [name = '', ...below] }) => {
    const peer = installed(name, import.meta.dirname)
    return [peer, ...below.map((one) => installed(one, peer.folder))]
  })
  return Object.fromEntries([...frameworks, ...peers].map(({ name, version }) => [name, version]))
}

/** As Node would find it from a folder; an `exports` may hide its package.json from `require`. */
function installed(name: string, from: string): { name: string; version: string; folder: string } {
  const folder = join(from, 'node_modules', name)
  const file = join(folder, 'package.json')
  if (existsSync(file))
    return { name, version: JSON.parse(readFileSync(file, 'utf8')).version, folder: realpathSync(folder) }
  if (dirname(from) === from) throw new Error(`${name} is not installed`)
  return installed(name, dirname(from))
}
