// Builds the package in the current folder: src → dist. Run by turbo, dependencies first.
import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

const config = {
  extends: '../../../../tsconfig.json',
  compilerOptions: {
    noEmit: false,
    rootDir: '../../src',
    outDir: '../../dist',
    allowImportingTsExtensions: false,
    sourceMap: false,
    // Types of the other packages come from their dist: their src is not ours to compile.
    paths: { '@countersign/*': ['../../../*/dist/index.d.ts'] },
  },
  include: ['../../src'],
  exclude: ['../../src/**/*.test.ts'],
}
rmSync('dist', { recursive: true, force: true })
const file = 'node_modules/.cache/tsconfig.build.json'
mkdirSync(dirname(file), { recursive: true })
writeFileSync(file, JSON.stringify(config))
execFileSync('tsc', ['--project', file], { stdio: 'inherit' })
