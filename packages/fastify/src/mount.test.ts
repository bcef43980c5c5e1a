import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { json } from '@countersign/http'
import Fastify, { type FastifyInstance } from 'fastify'
import { expect, expectTypeOf, test } from 'vitest'
import { mount } from './mount.ts'

const NONE = { status: 204, headers: {}, body: new Uint8Array() }
const endpointsAt = (path: `/${string}`) => [{ method: 'GET', path, handle: () => json(200, {}) } as const]

test('options are those of any plugin, and one may be registered after another', async () => {
  const app = Fastify()
  app.register(mount(endpointsAt('/a')), { prefix: '/one' }).register(mount(endpointsAt('/b')))
  for (const url of ['/one/a', '/b']) expect((await app.inject(url)).statusCode, url).toBe(200)
})

test('HEAD is answered as GET is: a length where there is a body, none at 204 (RFC 9110 section 8.6)', async () => {
  const endpoint = (method: 'GET' | '*', path: `/${string}`, status: number) =>
    ({ method, path, handle: () => (status === 204 ? NONE : json(status, {})) }) as const
  const app = Fastify()
  app.register(mount([endpoint('GET', '/some', 200), endpoint('GET', '/none', 204), endpoint('*', '/any', 204)]))
  const lengths = async (url: string) => {
    const { statusCode, headers, body } = await app.inject({ method: 'HEAD', url })
    return [statusCode, headers['content-length'], body]
  }
  expect(await lengths('/some')).toEqual([200, '2', ''])
  expect(await lengths('/none')).toEqual([204, undefined, ''])
  expect(await lengths('/any')).toEqual([204, undefined, ''])
})

test('a second plugin is no options, by its type', () => {
  // @ts-expect-error it would be called for the options of the first
  const both = (app: FastifyInstance) => app.register(mount(endpointsAt('/a')), mount(endpointsAt('/b')))
  expectTypeOf(both).toBeFunction()
})

test('a process that registers two at once ends with what to do', async () => {
  const program = `
    import Fastify from 'fastify'
    import { mount } from './src/mount.ts'
    Fastify().register(mount([]), mount([])).ready()`
  const run = promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
  })
  await expect(run).rejects.toThrow(
    'TypeError: register() takes one mount(…): app.register(mount(a)).register(mount(b))',
  )
})
