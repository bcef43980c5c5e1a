import { createRequire } from 'node:module'
import { availableParallelism } from 'node:os'
import { configDefaults, defineConfig } from 'vitest/config'

/** `EXPRESS=4`: what a test imports as Express is Express 4, the one that apps/express has beside 5. */
const alias =
  process.env.EXPRESS === '4'
    ? { express: createRequire(new URL('./apps/express/package.json', import.meta.url)).resolve('express4') }
    : {}

/** Minutes of processes against processes: `npm run test:races`. */
const RACES = [
  'packages/oauth-client/test/refresh-race.test.ts',
  'packages/oauth-server/test/redeem-race.test.ts',
  'packages/store/test/processes.test.ts',
  'packages/tokens/test/refresh-race.test.ts',
]

/** Many tests wait, for processes, for databases and for time to pass: one worker a core leaves a third of it idle. */
const WORKERS = availableParallelism() + 1

export default defineConfig({
  test: {
    projects: [
      {
        resolve: { alias },
        test: {
          name: 'packages',
          include: ['packages/*/src/**/*.test.ts', 'packages/*/test/**/*.test.ts', 'apps/domain/**/*.test.ts'],
          exclude: [...configDefaults.exclude, '**/*.timing.test.ts', ...RACES],
          maxWorkers: WORKERS,
          testTimeout: 20_000,
        },
      },
      {
        test: {
          name: 'hosts',
          include: [
            'apps/{auth-server,console,gateway,hosts,snippets,migrate,revocation}/**/*.test.ts',
            'apps/existing-*/test/*.test.{js,mjs,ts}',
          ],
          exclude: [...configDefaults.exclude, 'apps/hosts/timing.test.ts'],
          maxWorkers: WORKERS,
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      {
        // By itself (`pnpm test:faults`): databases are killed, and processes with them.
        test: {
          name: 'faults',
          include: ['apps/faults/*.test.ts'],
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 30_000,
        },
      },
      // Peers of the benchmarks, a process each: `npm test -- bench`.
      {
        test: {
          name: 'bench',
          include: ['apps/bench/**/*.test.ts'],
          maxWorkers: 2,
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      { test: { name: 'races', include: RACES, testTimeout: 120_000, hookTimeout: 30_000 } },
      {
        // Alone, after the others: it measures.
        test: {
          name: 'timing',
          include: ['apps/hosts/timing.test.ts', 'packages/*/test/*.timing.test.ts'],
          fileParallelism: false,
          hookTimeout: 30_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
