// What the pages say is what the files do: examples, printed answers, links, names, tables.
import { execFileSync } from 'node:child_process'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { STATUS_CODES } from 'node:http'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { exchange, type RunningHost, startHost } from '@countersign/conformance'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { packages } from '../../.ci/packages.ts'
import { STATUS } from '../../packages/http/src/index.ts'
import { CASES } from '../migrate/cases.ts'
import { reasonsMade } from './reasons.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const read = (file: string) => readFileSync(join(root, file), 'utf8')
const PAGES = globSync(['*.md', 'docs/**/*.md', 'packages/*/README.md', 'apps/README.md', 'apps/*/README.md'], {
  cwd: root,
}).sort()

interface Block {
  readonly at: string
  readonly language: string
  /** What the comment on the line before says. */
  readonly source: string | undefined
  readonly code: string
}
const REPOSITORY = 'https://github.com/countersign/countersign/blob/main/'
const RUNS_ON =
  'Node 22.18 or newer, by `import` or `require()`. TypeScript: `moduleResolution` `node16`, `nodenext` or `bundler`; in a CommonJS file `module` `node20` or `nodenext`.'
const BLOCKS = PAGES.flatMap(blocksOf)
const TESTS = globSync('apps/snippets/*.test.ts', { cwd: root })
  .filter((file) => !file.endsWith('readmes.test.ts'))
  .map(read)
  .join('\n')
/** The servers that apps/migrate/migrate.test.ts runs: each library's, by the names of its cases. */
const MIGRATED = [
  ...Object.keys(CASES).flatMap((name) => [`${name}.before`, `${name}.after`]),
  'roll-out',
  'express-jwt.keep',
  'express-jwt.rotate',
]

test('there are pages, examples and printed answers to check', () => {
  expect(PAGES).toContain('README.md')
  expect(PAGES).toContain('docs/architecture.md')
  expect(BLOCKS.filter(isExample).length).toBeGreaterThan(20)
  expect(BLOCKS.filter(({ language }) => language === 'http').length).toBeGreaterThan(0)
})

test.each(PAGES)('%s: every example is a part of a file that is run', (page) => {
  const wrong = BLOCKS.filter((block) => isExample(block) && block.at.startsWith(`${page}:`)).flatMap(problemOf)
  expect(wrong, wrong.join('\n')).toEqual([])
})

test.each(PAGES)('%s: every link to a file of the repository leads somewhere', (page) => {
  const wrong = linksOf(page).flatMap(({ at, target }) => {
    const [path = '', anchor] = target.split('#')
    const own = path.startsWith(REPOSITORY) ? decodeURI(path.slice(REPOSITORY.length)) : undefined
    const file = own ?? (path === '' ? page : join(dirname(page), decodeURI(path)))
    if (!existsSync(join(root, file))) return [`${at}: there is no ${file}`]
    const lost = anchor !== undefined && file.endsWith('.md') && !anchorsOf(file).includes(anchor)
    return lost ? [`${at}: ${file} has no heading for #${anchor}`] : []
  })
  expect(wrong, wrong.join('\n')).toEqual([])
})

describe.each(packages)('$name', ({ name, folder, entries, manifest }) => {
  const page = `packages/${folder.split('/').at(-1)}/README.md`

  test('has a README with its name and an install line', () => {
    expect(existsSync(join(root, page)), `write ${page}`).toBe(true)
    expect(read(page).split('\n')[0]).toBe(`# ${name}`)
    expect(read(page), `${page}: an install line, "npm i … ${name} …"`).toMatch(
      new RegExp(`npm i (-D )?([^\\n]* )?${name}(?![\\w-])`),
    )
  })

  test('its README leads to files by the address of the repository: in a tarball there are none beside it', () => {
    const dead = linksOf(page).filter(({ target }) => target.startsWith('..'))
    expect(dead, `${page}: write ${REPOSITORY}PATH`).toEqual([])
  })

  test('its README says what it runs on, where it is installed', () => {
    if ('.' in (manifest as object as { readonly exports: object }).exports)
      expect(read(page), `${page}: after the install line, write "${RUNS_ON}"`).toContain(`\`\`\`\n\n${RUNS_ON}`)
  })

  test('its README names every value that it exports', async () => {
    const files = manifest as object as { readonly exports: Readonly<Record<string, string>> }
    const names = await Promise.all(
      entries.map(async (entry) => Object.keys(await import(join(folder, files.exports[entry] as string)))),
    )
    const missing = names.flat().filter((value) => !new RegExp(`\\b${value}\\b`).test(read(page)))
    expect(missing, `${page}: say what these are for`).toEqual([])
  })
})

describe('answers that a page prints', () => {
  const printed = BLOCKS.filter(({ language }) => language === 'http')
  let host: RunningHost
  beforeAll(async () => {
    host = await startHost(join(root, 'apps/express/main.ts'))
  })
  afterAll(() => host?.stop())

  test.each(printed)('$at: $source', async ({ at, source, code }) => {
    const [, path, flags = ''] = /^curl -i (\/\S*)(.*)$/.exec(source ?? '') ?? []
    expect(path, `${at}: put <!-- curl -i /path --> on the line before`).toBeDefined()
    const headers = [...flags.matchAll(/-H '([^:]+): ([^']+)'/g)].map(
      ([, name, value]) => [name, value] as [string, string],
    )
    const user = /-u (\S+)/.exec(flags)?.[1]
    if (user) headers.push(['Authorization', `Basic ${Buffer.from(user).toString('base64')}`])
    const body = /-d '([^']*)'/.exec(flags)?.[1]
    const answer = await exchange(host.port, {
      path: path as string,
      headers,
      ...(body !== undefined && { method: 'POST', body }),
    })
    const lines = answer.headers.filter(([name]) => !['date', 'connection', 'keep-alive'].includes(name))
    const wire = [
      `HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status]}`,
      ...lines.map(([name, value]) => `${name}: ${value}`),
      '',
      answer.body.toString(),
    ]
    expect(code, `${at}: print what the host answers, but for date and connection`).toBe(wire.join('\n'))
  })
})

test('docs/refusals.md has every code, with its status, in the order of the table in code', () => {
  const rows = [...read('docs/refusals.md').matchAll(/^\| `(\w+)` +\| (\d{3}) +\|/gm)]
  expect(rows.map(([, code, status]) => [code, Number(status)])).toEqual(Object.entries(STATUS))
})

test('docs/refusals.md has every reason that a package gives, with its code, and no other', () => {
  const made = new Set(reasonsMade(root).map(({ code, reason }) => `${reason} ${code}`))
  const rows = [...read('docs/refusals.md').matchAll(/^\| `([\w.-]+)` +\| `(\w+)` +\|/gm)]
  const written = rows.map(([, reason, code]) => `${reason} ${code}`)
  expect(made.size).toBeGreaterThan(80)
  expect(
    [...made].filter((one) => !written.includes(one)),
    'docs/refusals.md, Reasons: write these',
  ).toEqual([])
  expect(
    written.filter((one) => !made.has(one)),
    'docs/refusals.md, Reasons: no package gives these',
  ).toEqual([])
  expect(written.length, 'none twice').toBe(new Set(written).size)
})

test('apps/README.md has every variable that a host reads', () => {
  const names = [...read('apps/domain/settings.ts').matchAll(/env\.([A-Z_]+)|number\('([A-Z_]+)'/g)].map(
    ([, a, b]) => a ?? b,
  )
  expect(names.length).toBeGreaterThan(5)
  expect(names.filter((name) => !read('apps/README.md').includes(`\`${name}\``))).toEqual([])
})

test('docs/packages.svg is what the packages are, and no import points up', () => {
  execFileSync(process.execPath, [join(root, '.ci/picture.ts'), '--check'], { stdio: 'pipe' })
})

function isExample({ language }: Block): boolean {
  return ['ts', 'typescript', 'tsx', 'js', 'javascript', 'py', 'python'].includes(language)
}

/** What is wrong with an example, with the remedy; nothing when it is right. */
function problemOf({ at, source, code }: Block): readonly string[] {
  if (source === undefined) return [`${at}: put <!-- path/of/the/file.ts --> on the line before the example`]
  if (!existsSync(join(root, source))) return [`${at}: there is no ${source}`]
  if (!isRun(source))
    return [`${at}: ${source} is not run: name a *.test.ts, or a snippet that a test in apps/snippets runs`]
  if (!holds(read(source), code))
    return [`${at}: this is not a run of lines of ${source}: copy them from there, or change the file`]
  return []
}

function isRun(file: string): boolean {
  const name = file.split('/').at(-1) ?? ''
  if (dirname(file) === 'apps/migrate' && MIGRATED.includes(name.replace(/\.(ts|cjs|py)$/, ''))) return true
  return file.endsWith('.test.ts') || (dirname(file) === 'apps/snippets' && TESTS.includes(`'${name}'`))
}

/** Whether the code, after its common indentation is gone, is a contiguous run of lines of the source. */
function holds(source: string, code: string): boolean {
  const wanted = dedent(code.split('\n'))
  const lines = source.split('\n')
  return lines.some((_, from) => dedent(lines.slice(from, from + wanted.split('\n').length)) === wanted)
}

function dedent(lines: readonly string[]): string {
  const indents = lines.filter((line) => line.trim() !== '').map((line) => line.length - line.trimStart().length)
  const common = Math.min(...indents)
  return lines.map((line) => line.slice(common).trimEnd()).join('\n')
}

function blocksOf(page: string): readonly Block[] {
  const found: Block[] = []
  const lines = read(page).split('\n')
  for (let at = 0; at < lines.length; at++) {
    const language = /^\s*```(\w*)/.exec(lines[at] as string)?.[1]
    if (language === undefined) continue
    const end = lines.findIndex((line, index) => index > at && /^\s*```\s*$/.test(line))
    if (end === -1) throw new Error(`${page}:${at + 1}: this example has no end`)
    const source = /^\s*<!-- (.+) -->$/.exec(lines[at - 1] ?? '')?.[1]
    found.push({ at: `${page}:${at + 1}`, language, source, code: lines.slice(at + 1, end).join('\n') })
    at = end
  }
  return found
}

function linksOf(page: string): readonly { readonly at: string; readonly target: string }[] {
  return prose(page).flatMap(({ at, text }) =>
    [...text.matchAll(/\]\(([^)\s]+)\)|<img [^>]*src="([^"]+)"/g)].flatMap(([, link, image]) => {
      const target = (link ?? image) as string
      return /^[a-z]+:/.test(target) && !target.startsWith(REPOSITORY) ? [] : [{ at, target }]
    }),
  )
}

/** Headings as links name them. */
function anchorsOf(page: string): readonly string[] {
  return prose(page).flatMap(({ text }) => {
    const heading = /^#+ (.+)$/.exec(text)?.[1]
    return heading === undefined
      ? []
      : [
          heading
            .toLowerCase()
            .replace(/[^\p{L}\p{N} _-]/gu, '')
            .replaceAll(' ', '-'),
        ]
  })
}

/** The lines of a page that are not in an example. */
function prose(page: string): readonly { readonly at: string; readonly text: string }[] {
  let inside = false
  return read(page)
    .split('\n')
    .flatMap((text, index) => {
      const fence = /^\s*```/.test(text)
      if (fence) inside = !inside
      return fence || inside
        ? []
        : [{ at: `${page}:${index + 1}`, text: text.replace(/`[^`]*`/g, (code) => (/\]\(/.test(code) ? '' : code)) }]
    })
}
