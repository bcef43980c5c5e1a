// An editor that imports by itself takes the wrong adapter: no request may pass, with or without a credential.
import { execFile } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import * as onExpress from '@countersign/express'
import * as onFastify from '@countersign/fastify'
import { json } from '@countersign/http'
import { bearer, policy } from '@countersign/policy'
import { defineSchema } from '@countersign/schema'
import express, { type ErrorRequestHandler } from 'express'
import Fastify, { type FastifyInstance } from 'fastify'
import { expect, test } from 'vitest'

const caller = policy({ accept: bearer(() => ({ subject: 'ada' })) })
const Page = defineSchema({ type: 'object' })
const endpoints = [{ method: 'GET', path: '/x', handle: () => json(200, {}) }] as const
const GOOD = { authorization: 'Bearer x' }
const FROM_FASTIFY = "was given a request of Fastify: import it from '@countersign/fastify'"
const FROM_EXPRESS = "was given a request of Express: import it from '@countersign/express'"

/** What a GET gets over a socket, without and with a credential. */
async function asked(url: string): Promise<readonly (readonly [number, string])[]> {
  const answers = await Promise.all([fetch(url), fetch(url, { headers: GOOD })])
  return Promise.all(answers.map(async (one) => [one.status, await one.text()] as const))
}

async function onFastifyApp(plug: (app: FastifyInstance) => unknown) {
  const app = Fastify()
  plug(app)
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  try {
    return await asked(`${url}/x`)
  } finally {
    await app.close()
  }
}

async function onExpressApp(plug: (app: ReturnType<typeof express>) => unknown) {
  const app = express()
  plug(app)
  app.get('/x', (_request, response) => void response.end('in'))
  const told: ErrorRequestHandler = (error, _request, response, _next) => void response.status(500).end(`${error}`)
  app.use(told)
  const server = createServer(app).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  try {
    return await asked(`http://127.0.0.1:${(server.address() as AddressInfo).port}/x`)
  } finally {
    server.close()
  }
}

const refusedBoth = (text: string) => Array(2).fill([500, expect.stringContaining(text)])

test("Express's in Fastify: 500 with or without a credential, and which import is right", async () => {
  const handler = async () => 'in'
  const onRequest = onExpress.protect(caller) as never
  expect(await onFastifyApp((app) => app.get('/x', { onRequest }, handler))).toEqual(refusedBoth(FROM_FASTIFY))
  const preValidation = onExpress.validate({ query: Page }) as never
  expect(await onFastifyApp((app) => app.get('/x', { preValidation }, handler))).toEqual(refusedBoth(FROM_FASTIFY))
})

test("Fastify's in Express: 500 with or without a credential, and which import is right", async () => {
  for (const made of [onFastify.protect(caller), onFastify.validate({ query: Page }), onFastify.mount(endpoints)])
    expect(await onExpressApp((app) => app.use(made as never))).toEqual(refusedBoth(FROM_EXPRESS))
})

test('a hook for another moment: what to write instead', async () => {
  const write = "does not fit here: write app.addHook('onRequest', protect(policy))"
  for (const moment of ['onSend', 'preParsing', 'preSerialization'] as const) {
    const answers = await onFastifyApp((app) => {
      app.addHook(moment as 'onSend', onFastify.protect(caller) as never)
      app.get('/x', async () => ({ in: true }))
    })
    expect(answers, moment).toEqual(refusedBoth(write))
  }
})

/** What a process says that registers it as a plugin: Fastify lets what a plugin throws end it. */
async function registered(from: string, made: string): Promise<string> {
  const program = `
    import Fastify from 'fastify'
    import { anyone } from '@countersign/policy'
    import { mount, protect, validate } from '${from}'
    Fastify().register(${made}).ready()`
  const run = promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], {
    cwd: fileURLToPath(new URL('.', import.meta.url)),
  })
  return run.then(
    () => 'it starts',
    ({ stderr }) => stderr,
  )
}

test('what is no plugin of Fastify, registered as one: the process ends with what to write instead', async () => {
  const said = await Promise.all([
    registered('@countersign/fastify', 'protect(anyone)'),
    registered('@countersign/fastify', 'validate({})'),
    registered('@countersign/express', 'protect(anyone)'),
    registered('@countersign/express', 'mount([])'),
  ])
  const other = "was given an app of Fastify: import it from '@countersign/fastify'"
  const parts = [
    "does not fit here: write app.addHook('onRequest', protect(policy))",
    'does not fit here: write { preValidation: validate({ body }) } on a route',
    other,
    other,
  ]
  for (const [at, part] of parts.entries()) expect(said[at]).toContain(part)
})

test('what fits passes', async () => {
  const inside = [
    [401, expect.stringContaining('unauthenticated')],
    [200, 'in'],
  ]
  const onRequest = onFastify.protect(caller)
  expect(await onFastifyApp((app) => app.get('/x', { onRequest }, async () => 'in'))).toEqual(inside)
  expect(await onExpressApp((app) => app.use(onExpress.protect(caller)))).toEqual(inside)
})
