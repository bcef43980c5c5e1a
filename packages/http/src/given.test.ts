import { expect, test } from 'vitest'
import { checkGiven } from './index.ts'

const message = { rawHeaders: [] }
const request = { raw: message }
const app = { addHook: () => {} }
const done = () => {}

test('what fits passes', () => {
  for (const maker of ['protect', 'validate', 'mount'] as const) checkGiven('express', maker, message, done)
  for (const maker of ['protect', 'validate'] as const) checkGiven('fastify', maker, request, done)
  checkGiven('fastify', 'mount', app, done)
})

test("another framework's objects: which import is right", () => {
  const fromFastify = "() of @countersign/express was given a request of Fastify: import it from '@countersign/fastify'"
  for (const maker of ['protect', 'validate', 'mount'] as const) {
    expect(() => checkGiven('express', maker, request, done)).toThrow(new TypeError(`${maker}${fromFastify}`))
    expect(() => checkGiven('express', maker, app, done)).toThrow("import it from '@countersign/fastify'")
    expect(() => checkGiven('fastify', maker, message, done)).toThrow(
      new TypeError(
        `${maker}() of @countersign/fastify was given a request of Express: import it from '@countersign/express'`,
      ),
    )
  }
})

test('the wrong place of the right one: what to write', () => {
  const hook =
    "does not fit here: write app.addHook('onRequest', protect(policy)), or { onRequest: protect(policy) } on"
  expect(() => checkGiven('fastify', 'protect', app, done)).toThrow(hook) // app.register(protect(policy))
  expect(() => checkGiven('fastify', 'protect', request, 'a payload')).toThrow(hook) // addHook('onSend', …)
  expect(() => checkGiven('fastify', 'validate', app, done)).toThrow('write { preValidation: validate({ body }) }')
  expect(() => checkGiven('fastify', 'mount', request, done)).toThrow('write app.register(mount(endpoints))')
  expect(() => checkGiven('express', 'protect', message, undefined)).toThrow('write app.use(protect(policy))')
  for (const none of [undefined, null, 'x', {}])
    expect(() => checkGiven('express', 'mount', none, done)).toThrow('write app.use(mount(endpoints))')
})
