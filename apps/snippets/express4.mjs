// Given to node with --import: whoever asks for Express gets Express 4, the one that apps/express has beside 5.
import { createRequire, registerHooks } from 'node:module'
import { pathToFileURL } from 'node:url'

const four = createRequire(new URL('../express/package.json', import.meta.url)).resolve('express4')
const url = pathToFileURL(four).href

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'express' ? { url, format: 'commonjs', shortCircuit: true } : next(specifier, context),
})
