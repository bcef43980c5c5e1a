import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'packages',
          include: ['packages/*/src/**/*.test.ts', 'packages/*/test/**/*.test.ts', 'apps/domain/**/*.test.ts'],
          typecheck: { enabled: false },
          testTimeout: 20_000,
        },
      },
      {
        test: {
          name: 'hosts',
          include: ['apps/{hosts,snippets}/**/*.test.ts'],
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
    ],
  },
})
