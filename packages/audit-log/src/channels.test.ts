import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { MAPPINGS } from './channels.ts'
import { BEYOND, levelOf, VOCABULARY } from './vocabulary.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const mapped = [...new Set(MAPPINGS.map(({ channel }) => channel))].sort()

/** The channels that the sources of the packages publish on. */
const published = [
  ...new Set(
    globSync('packages/*/src/**/*.ts', { cwd: root })
      .filter((file) => !file.endsWith('.test.ts') && !file.startsWith('packages/audit-log/'))
      .flatMap((file) => [
        ...readFileSync(root + file, 'utf8').matchAll(/channel\(\s*['"`](countersign:[^'"`]*)['"`]/g),
      ])
      .map(([, name]) => name as string),
  ),
].sort()

test('every channel of every package has an event, and every event a channel', () => {
  expect(published.length).toBeGreaterThan(15)
  expect(
    published.filter((name) => !mapped.includes(name)),
    'packages/audit-log/src/channels.ts: map these',
  ).toEqual([])
  expect(
    mapped.filter((name) => !published.includes(name)),
    'packages/audit-log/src/channels.ts: nobody publishes these',
  ).toEqual([])
})

test('no channel is named in a way that the look above does not see', () => {
  const odd = globSync('packages/*/src/**/*.ts', { cwd: root })
    .filter((file) => !file.endsWith('.test.ts') && !file.startsWith('packages/audit-log/'))
    .flatMap((file) =>
      (readFileSync(root + file, 'utf8').match(/\b(?:channel|tracingChannel)\((?!\s*['"`]countersign:)/g) ?? []).map(
        () => file,
      ),
    )
  expect(odd, 'name the channel as text, where it is made').toEqual([])
})

test('the last row of a channel takes all that the others leave', () => {
  for (const channel of mapped)
    expect(MAPPINGS.filter((row) => row.channel === channel).at(-1)?.is, channel).toBeUndefined()
})

test('docs/audit-log.md has the table, row by row', () => {
  const page = readFileSync(`${root}docs/audit-log.md`, 'utf8')
  const rows = [...page.matchAll(/^\| `(countersign:[\w-]+)` +\| (.+?) +\| `(\w+)` +\| (\w+) +\| (\w*) +\|$/gm)].map(
    (row) => row.slice(1),
  )
  const wanted = MAPPINGS.map(({ channel, when, event, level, decision }) => [
    channel,
    when,
    event,
    level ?? levelOf(event),
    decision ?? '',
  ])
  expect(rows).toEqual(wanted)
  for (const name of Object.keys(BEYOND))
    expect(page, 'say that OWASP has no such word').toMatch(new RegExp(`^\\| \`${name}\` +\\| .+\\|$`, 'm'))
})

test('a word beside the vocabulary is none of it', () => {
  expect(Object.keys(BEYOND).filter((name) => Object.hasOwn(VOCABULARY, name))).toEqual([])
})
