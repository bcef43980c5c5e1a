import { describe, expect, test } from 'vitest'
import { toolScopes } from './index.ts'

const rules = (...scopes: readonly string[]) => scopes.map((scope) => ({ scope }))
const message = (method: unknown, params?: unknown) => ({ jsonrpc: '2.0', id: 1, method, params })
const call = (name: unknown) => message('tools/call', { name })

describe('by tool', () => {
  const tools = toolScopes({ create_post: ['posts:write', 'posts:publish'], '*': ['posts:read'] })

  test.each<[string, object, readonly object[] | undefined]>([
    ['a tool that is named', call('create_post'), rules('posts:write', 'posts:publish')],
    ['another', call('list_posts'), rules('posts:read')],
    ['a method that calls none', message('tools/list'), []],
    ['a name from a prototype', call('constructor'), rules('posts:read')],
    ['a name that is none', call({ toString: 'create_post' }), rules('posts:read')],
    ['no params', message('tools/call'), rules('posts:read')],
    ['params that are none', message('tools/call', 'create_post'), rules('posts:read')],
    ['a method from a prototype', message('constructor', { name: 'create_post' }), []],
    ['an answer', { jsonrpc: '2.0', id: 1, result: {} }, []],
    ['a method that is none', message(['tools/call'], { name: 'create_post' }), []],
    ['prompts and resources of which nothing is said', message('prompts/get', { name: 'create_post' }), []],
  ])('%s', (_what, body, expected) => expect(tools.rulesFor(body)).toEqual(expected))

  test('without * a tool that is not named is called by nobody, * itself included', () => {
    const strict = toolScopes({ create_post: ['posts:write'] })
    for (const name of ['list_posts', '__proto__', '*', undefined]) expect(strict.rulesFor(call(name))).toBeUndefined()
  })

  test('a rule in place of scopes', () => {
    const rule = { anyOf: [{ scope: 'posts:delete' }, { role: 'admin' }] }
    expect(toolScopes({ delete_post: rule }).rulesFor(call('delete_post'))).toEqual([rule])
  })
})

describe('by prompt, resource and method', () => {
  const tools = toolScopes(
    { '*': ['tool'] },
    {
      prompts: { review: ['review'] },
      resources: {
        'posts://drafts/*': ['drafts'],
        'posts://drafts/1': ['first'],
        'posts://*': ['posts'],
        'https://Acme.com/a': ['acme'],
      },
      methods: { 'tools/call': ['call'], 'tools/list': ['list'], '*': ['any'] },
    },
  )
  const uri = (value: unknown, method = 'resources/read') => tools.rulesFor(message(method, { uri: value }))
  const complete = (ref: unknown) => tools.rulesFor(message('completion/complete', { ref }))

  test('a method’s scopes come beside those of what it names', () => {
    expect(tools.rulesFor(call('a'))).toEqual(rules('call', 'tool'))
    expect(tools.rulesFor(message('tools/list'))).toEqual(rules('list'))
    for (const method of ['ping', '*', '__proto__']) expect(tools.rulesFor(message(method))).toEqual(rules('any'))
  })

  test('a method that is not named needs nothing where there is no *', () => {
    const some = toolScopes({ '*': [] }, { methods: { 'tools/list': ['list'] } })
    expect(some.rulesFor(message('ping'))).toEqual([])
    expect(some.rulesFor(message('*'))).toEqual([])
  })

  test('prompts by name', () => {
    expect(tools.rulesFor(message('prompts/get', { name: 'review' }))).toEqual(rules('any', 'review'))
    expect(tools.rulesFor(message('prompts/get', { name: 'other' }))).toBeUndefined()
  })

  test('resources by URI: exactly, else the longest prefix', () => {
    expect(uri('posts://drafts/1')).toEqual(rules('any', 'first'))
    expect(uri('posts://drafts/2')).toEqual(rules('any', 'drafts'))
    expect(uri('posts://all')).toEqual(rules('any', 'posts'))
    expect(uri('posts://*')).toEqual(rules('any', 'posts'))
    expect(uri('files://all')).toBeUndefined()
    expect(uri(undefined)).toBeUndefined()
    for (const method of ['resources/subscribe', 'resources/unsubscribe'])
      expect(uri('posts://drafts/1', method)).toEqual(rules('any', 'first'))
  })

  test.each([
    'POSTS://drafts/1',
    'posts://drafts/2/../1',
    'posts://drafts/./1',
    '\tposts://drafts/1 ',
    'posts://dra\nfts/1',
  ])('%j is the resource that the SDK takes it for', (spelled) => {
    expect(uri(spelled)).toEqual(rules('any', 'first'))
  })

  test('hosts are written in lower case on both sides', () => {
    expect(uri('https://ACME.com/a')).toEqual(rules('any', 'acme'))
    expect(uri('https://acme.com:443/a')).toEqual(rules('any', 'acme'))
  })

  test('completions by what they complete', () => {
    expect(complete({ type: 'ref/prompt', name: 'review' })).toEqual(rules('any', 'review'))
    expect(complete({ type: 'ref/resource', uri: 'posts://drafts/1' })).toEqual(rules('any', 'first'))
    expect(complete({ type: 'ref/prompt', name: 'other' })).toBeUndefined()
    expect(complete(undefined)).toBeUndefined()
  })
})

test.each<[string, unknown, unknown?]>([
  ['nothing', undefined],
  ['no tool', {}],
  ['a scope as text', { a: 'posts:write' }],
  ['an empty scope', { a: [''] }],
  ['two scopes in one', { a: ['a b'] }],
  ['a rule that is none', { a: { scopes: ['a'] } }],
  ['null', { a: null }],
  ['no prompt', { '*': [] }, { prompts: {} }],
  ['no resource', { '*': [] }, { resources: {} }],
  ['a wrong method', { '*': [] }, { methods: { ping: 'a' } }],
  ['a misspelled table', { '*': [] }, { prompt: { a: [] } }],
])('%s is refused', (_what, tools, more) =>
  expect(() =>
    (toolScopes as unknown as (...all: unknown[]) => unknown)(
      ...[tools, more].filter((_, at) => at === 0 || more !== undefined),
    ),
  ).toThrow(TypeError),
)
