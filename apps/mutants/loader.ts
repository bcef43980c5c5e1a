// Given to node with --import: replaces texts in sources while they are loaded. Nothing on disk changes.
import { registerHooks } from 'node:module'
import type { Change } from './mutant.ts'

const changes: readonly Change[] = JSON.parse(process.env.MUTANT ?? '[]')

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context)
    const here = changes.filter(({ file }) => url.endsWith(`/${file}`))
    if (here.length === 0) return loaded
    let source = Buffer.from(loaded.source as Uint8Array).toString()
    for (const { file, find, replace } of here) {
      if (source.split(find).length !== 2) throw new Error(`the mutant's text must stand in ${file} exactly once`)
      source = source.replace(find, () => replace)
    }
    return { ...loaded, source }
  },
})
