// Preloaded with --import: writes down which module asks for which, for `graph.ts`. Plain JavaScript: it runs where
// people's own Node runs.

import { writeSync } from 'node:fs'
import { registerHooks } from 'node:module'

const edges = []
const loaded = []
registerHooks({
  resolve(specifier, context, next) {
    const found = next(specifier, context)
    edges.push([context.parentURL ?? '', found.url])
    return found
  },
  load(url, context, next) {
    const found = next(url, context)
    loaded.push(url)
    return found
  },
})
process.on('exit', () => {
  // A pipe takes as much as it has room for.
  let left = Buffer.from(JSON.stringify({ edges, loaded }))
  while (left.length > 0) {
    try {
      left = left.subarray(writeSync(1, left))
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error
    }
  }
})
