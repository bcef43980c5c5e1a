import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { runSnippet } from './snippet.ts'

// What the README of @countersign/inventory shows.

import { readFileSync } from 'node:fs'
import { driftOf, inventoryDiff, inventoryText } from '@countersign/inventory'
import { expect, test } from 'vitest'

const run = promisify(execFile)
const here = fileURLToPath(new URL('.', import.meta.url))
const documentOf = async (url: string) => (await fetch(`${url}/openapi.json`)).json() as Promise<never>
// Express 4 keeps no paths.
const onExpress5 = process.env.EXPRESS === '4' ? test.skip : test

onExpress5('inventory: its document says who may call, and the server answers so', async () => {
  const app = await runSnippet('inventory.ts')
  try {
    expect(await documentOf(app.url)).toMatchObject({
      openapi: '3.1.0',
      paths: {
        '/health': { get: { security: [] } },
        '/posts': { get: { security: [{ bearer: ['posts:read'] }], parameters: [{ name: 'limit', in: 'query' }] } },
        '/posts/{id}': { delete: { security: [{ bearer: [] }], description: 'Allowed: role admin.' } },
      },
    })
    expect((await fetch(`${app.url}/posts`)).status).toBe(401)
    expect((await fetch(`${app.url}/health`)).status).toBe(200)
  } finally {
    app.stop()
  }
})

test('inventory-fastify: the document of @fastify/swagger says what is enforced', async () => {
  const app = await runSnippet('inventory-fastify.ts')
  try {
    expect(await documentOf(app.url)).toMatchObject({
      paths: { '/posts/': { get: { summary: 'All posts', security: [{ bearer: ['posts:read'] }] } } },
      components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } } },
    })
    expect((await fetch(`${app.url}/posts/`)).status).toBe(401)
  } finally {
    app.stop()
  }
})

onExpress5('countersign routes prints the inventory', async () => {
  const main = fileURLToPath(new URL('../../packages/countersign/src/main.ts', import.meta.url))
  const { stdout } = await run(process.execPath, [main, 'routes', './inventory.ts', '--refuse-undeclared'], {
    cwd: here,
  })
  expect(stdout).toBe(
    `${readFileSync(new URL('inventory.txt', import.meta.url), 'utf8')}4 routes, each with a policy\n`,
  )
})

onExpress5(
  'the file of the repository is the inventory; the document that people wrote is what is enforced',
  async () => {
    const { routes } = await import('./inventory.ts')
    await expect(inventoryText(routes)).toMatchFileSnapshot('inventory.txt')
    expect(inventoryDiff(readFileSync(new URL('inventory.txt', import.meta.url), 'utf8'), routes)).toEqual([])
    const written = JSON.parse(readFileSync(new URL('inventory.openapi.json', import.meta.url), 'utf8'))
    expect(driftOf(written, routes)).toEqual([])
  },
)
