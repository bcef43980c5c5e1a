import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { describe, expect, test } from 'vitest'
import { type Checked, checkInput, inputError, type Refusal, type Schema } from './index.ts'

const schema = (name: string, accepts: (value: unknown) => boolean): Schema => {
  const check =
    (how: string) =>
    (value: unknown): Checked<unknown> =>
      accepts(value) ? { value: { [how]: value } } : { issues: [{ pointer: `/${name}`, detail: 'is wrong' }] }
  return { schema: {}, validate: check('value'), validateText: check('text') }
}
const good = (name: string) => schema(name, () => true)
const bad = (name: string) => schema(name, () => false)

function request(body: string, type = 'application/json'): IncomingMessage {
  const message = new IncomingMessage(new Socket())
  message.rawHeaders = ['Content-Type', type, 'Content-Length', `${Buffer.byteLength(body)}`]
  message.push(body)
  message.push(null)
  return message
}
const errors = (refusal: Refusal) => JSON.parse(new TextDecoder().decode(refusal.body)).errors
const reasonOf = (result: object) => ('error' in result ? (result as Refusal).error.reason : 'passed')

test('params and query are checked as text, the body as it is; what is not declared is left alone', async () => {
  const input = { params: good('p'), query: good('q'), body: good('b') }
  const checked = await checkInput(input, request('{"a":1}'), { params: { id: '1' }, query: { x: '2' } })
  expect(checked).toEqual({
    parts: { params: { text: { id: '1' } }, query: { text: { x: '2' } }, body: { value: { a: 1 } } },
  })
  expect(await checkInput({}, request(''), { query: { x: '2' } })).toEqual({ parts: {} })
})

test('all that is wrong is told at once: params, query, body', async () => {
  const input = { body: bad('body'), query: bad('query'), params: bad('params') }
  const refusal = (await checkInput(input, request('{}'), {})) as Refusal
  expect(refusal.status).toBe(400)
  expect(errors(refusal).map(({ pointer }: { pointer: string }) => pointer)).toEqual(['/params', '/query', '/body'])
  expect(refusal.error).toEqual(inputError(refusal.error.issues ?? []))
})

describe('a body that cannot be read decides alone, whatever else is wrong', () => {
  test.each([
    [request('{}', 'text/plain'), 'body.media-type'],
    [request('x'.repeat(21)), 'body.length'],
    [request(''), 'body.missing'],
    [request('{'), 'json.syntax'],
    [request('{"a":1,"a":1}'), 'json.duplicate'],
  ])('%#: %s', async (message, reason) => {
    const result = await checkInput({ body: good('b'), query: bad('q'), bodyLimit: 20 }, message, {})
    expect(reasonOf(result)).toBe(reason)
  })
})

test('what a parser already made of the body is checked, and the message is not read', async () => {
  const message = request('{"from":"wire"}')
  const checked = await checkInput({ body: good('b') }, message, { body: { from: 'parser' } })
  expect(checked).toEqual({ parts: { body: { value: { from: 'parser' } } } })
  expect(message.readableDidRead).toBe(false)
})

test('a body that was read and came to nothing is missing: 400, not a body from nowhere', async () => {
  const message = request('{}')
  message.resume()
  await new Promise((resolve) => message.on('end', resolve))
  for (const body of [undefined, null])
    expect(reasonOf(await checkInput({ body: good('b') }, message, { body }))).toBe('body.missing')
})

test('a body is not read where no schema asks for it', async () => {
  const message = request('{')
  expect(reasonOf(await checkInput({ query: good('q') }, message, {}))).toBe('passed')
  expect(message.readableDidRead).toBe(false)
})

test('falsy bodies that a parser made are bodies', async () => {
  for (const body of [false, 0, ''])
    expect(await checkInput({ body: good('b') }, request(''), { body })).toEqual({ parts: { body: { value: body } } })
})
