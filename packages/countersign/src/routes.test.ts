import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url))
const FOLDER = fileURLToPath(new URL('../test', import.meta.url))

function routes(...args: readonly string[]) {
  return new Promise<{ code: number; out: string; err: string }>((resolve) => {
    const options = { cwd: FOLDER, env: { ...process.env, NO_COLOR: '1' }, timeout: 20_000 }
    execFile(process.execPath, [MAIN, 'routes', ...args], options, (error, out, err) =>
      resolve({ code: error ? (error.code as number) : 0, out, err }),
    )
  })
}

// Express 4 keeps no paths.
const onExpress5 = process.env.EXPRESS === '4' ? test.skip : test

onExpress5('routes of an Express app: a line each, and how many hold no policy', async () => {
  expect(await routes('./routes-express.ts#app')).toEqual({
    code: 0,
    out: 'GET /health  anyone (route)\nGET /posts  readers (route): bearer; scope posts:read\n2 routes, each with a policy\n',
    err: '',
  })
})

onExpress5('--refuse-undeclared: 1 where a route holds no policy, and only there', async () => {
  const out = 'GET /posts  NO POLICY\n1 route, 1 WITHOUT A POLICY\n'
  expect(await routes('./routes-express.ts', '--export', 'draft')).toMatchObject({ code: 0, out })
  expect(await routes('./routes-express.ts#draft', '--refuse-undeclared')).toMatchObject({ code: 1, out })
  expect(await routes('./routes-express.ts#app', '--refuse-undeclared')).toMatchObject({ code: 0 })
})

test('routes of a Fastify app, as data and as a document', async () => {
  const { code, out } = await routes('./routes-fastify.ts#app', '--json')
  expect(code).toBe(0)
  expect(JSON.parse(out)).toMatchObject([
    { method: 'GET', path: '/posts/:id', guards: [{ on: 'router', policy: { name: 'readers' } }] },
  ])
  const document = await routes('./routes-fastify.ts#app', '--openapi')
  expect(JSON.parse(document.out)).toMatchObject({
    openapi: '3.1.0',
    paths: { '/posts/{id}': { get: { security: [{ bearer: ['posts:read'] }] } } },
  })
})

test('a question that is wrong is 2, and says what to do', async () => {
  const wrong = async (...args: readonly string[]) => {
    const { code, out, err } = await routes(...args)
    expect([code, out]).toEqual([2, ''])
    return err
  }
  expect(await wrong('./routes-fastify.ts#unseen')).toContain('call inventory(app) of @countersign/fastify first')
  expect(await wrong('./routes-express.ts')).toContain('exports several apps; which?')
  expect(await wrong('./routes-express.ts#notAnApp')).toContain('exports no app "notAnApp"')
  expect(await wrong('./gone.ts')).toContain('./gone.ts cannot be loaded')
  expect(await wrong('./routes-fastify.ts#app', '--json', '--openapi')).toContain('--json or --openapi, not both')
})
