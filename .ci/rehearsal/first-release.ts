// `pnpm release` as somebody meets it: what it refuses, what it says before it does anything, and that it does it.
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { packages } from '../packages.ts'
import { check, must } from '../tally.ts'
import type { Workspace } from './workspace.ts'

export async function firstRelease(workspace: Workspace): Promise<void> {
  const stray = join(workspace.folder, 'stray.txt')
  await check('pnpm release refuses a work tree that is not clean', async () => {
    writeFileSync(stray, '')
    says(await workspace.refused(['--yes']), 'not clean', 'stray.txt')
    rmSync(stray)
  })
  await check('pnpm release refuses whom the registry does not know', async () => {
    says(await workspace.refused(['--yes'], 'no-token'), 'does not know you')
  })
  await check('pnpm release refuses off main', async () => {
    await workspace.git('checkout', '--quiet', '-b', 'topic')
    says(await workspace.refused(['--yes']), 'releases are made from main')
    await workspace.git('checkout', '--quiet', 'main')
  })
  await check('pnpm release asks, and refuses when nobody is there to answer', async () => {
    says(await workspace.refused([]), 'nobody is there to ask')
  })
  await check('pnpm release --dry-run says what it would do, and does nothing', async () => {
    says(await workspace.release('--dry-run'), ...packages.map(({ name }) => `${name} 0.0.0 → `), 'publisher  releaser')
    must((await workspace.git('status', '--porcelain')) === '', 'it changed the work tree')
    must((await workspace.git('tag')) === '', 'it set a tag')
  })
  const output = await check('pnpm release --yes', () =>
    workspace.release('--yes', '--sbom', join(workspace.folder, '..', 'sbom')),
  )
  if (output === undefined) return
  await check('a tag for each package, on a commit of its own', async () => {
    const tags = (await workspace.git('tag', '--points-at', 'HEAD')).trim().split('\n')
    const wanted = packages.map(({ name }) => `${name}@${workspace.version(name)}`)
    must(`${tags.toSorted()}` === `${wanted.toSorted()}`, `the tags are ${tags.join(', ')}`)
    must((await workspace.git('status', '--porcelain')) === '', 'the work tree is not clean')
  })
  await check('again, it has nothing to publish', async () => {
    says(await workspace.release('--yes', '--checks', 'floors'), 'no changeset')
  })
}

function says(output: string, ...wanted: readonly string[]): void {
  for (const text of wanted) must(output.includes(text), `it does not say "${text}":\n${output}`)
}
