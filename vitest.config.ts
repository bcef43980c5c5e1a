import { configDefaults, defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'packages',
          include: ['packages/*/src/**/*.test.ts', 'packages/*/test/**/*.test.ts', 'apps/domain/**/*.test.ts'],
          testTimeout: 20_000,
        },
      },
      {
        test: {
          name: 'hosts',
          include: [
            'apps/{console,hosts,snippets,migrate,bench}/**/*.test.ts',
            'apps/existing-*/test/*.test.{js,mjs,ts}',
          ],
          exclude: [...configDefaults.exclude, 'apps/hosts/timing.test.ts'],
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      {
        // Alone, after the others: it measures.
        test: {
          name: 'timing',
          include: ['apps/hosts/timing.test.ts'],
          hookTimeout: 30_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
