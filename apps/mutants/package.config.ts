// For vitest: the tests of the package PACKAGE, with texts replaced in its sources while they are loaded. Nothing on disk changes.
import { defineConfig } from 'vitest/config'
import type { Change } from './mutant.ts'

const changes: readonly Change[] = JSON.parse(process.env.MUTANT ?? '[]')

export default defineConfig({
  plugins: [
    {
      name: 'mutant',
      enforce: 'pre',
      transform(code, id) {
        const here = changes.filter(({ file }) => id.endsWith(`/packages/${file}`))
        return here.reduce((source, { file, find, replace }) => {
          if (source.split(find).length !== 2) throw new Error(`the mutant's text must stand in ${file} exactly once`)
          return source.replace(find, () => replace)
        }, code)
      },
    },
  ],
  test: {
    root: new URL('../..', import.meta.url).pathname,
    include: [`packages/${process.env.PACKAGE}/**/*.test.ts`],
    bail: 1,
    // Or the second mutant of a source would be the first.
    fsModuleCache: false,
    silent: true,
    testTimeout: 20_000,
  },
})
