// Given to node with --import: replaces one text in one source while it is loaded. Nothing on disk changes.
import { registerHooks } from 'node:module'

const { file, find, replace } = JSON.parse(process.env.MUTANT ?? '{}')

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context)
    if (!url.endsWith(file)) return loaded
    const source = Buffer.from(loaded.source as Uint8Array).toString()
    if (source.split(find).length !== 2) throw new Error(`the mutant's text must stand in ${file} exactly once`)
    return { ...loaded, source: source.replace(find, () => replace) }
  },
})
