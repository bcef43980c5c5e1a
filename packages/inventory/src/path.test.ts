import { expect, test } from 'vitest'
import { pathTemplates } from './index.ts'

test.each([
  ['/', ['/']],
  ['/posts/:id', ['/posts/{id}']],
  ['/files/*path', ['/files/{path}']],
  ['/files/*', ['/files/{wildcard}']],
  ['/oauth/*', ['/oauth/{wildcard}']],
  ['/a/:id{.:format}', ['/a/{id}.{format}', '/a/{id}']],
  ['/x{/:a{/:b}}', ['/x/{a}/{b}', '/x/{a}', '/x']],
  ['/:"first name"/*"all of it"', ['/{first name}/{all of it}']],
  ['/at/:hour(^\\d+)h:minute', ['/at/{hour}h{minute}']],
  ['/:id((?:a|b)\\))/x', ['/{id}/x']],
  ['/posts/:id?', ['/posts/{id}', '/posts']],
  ['/posts/:id(^\\d+$)?', ['/posts/{id}', '/posts']],
  ['/name::verb', ['/name:verb']],
  ['/v1/\\:literal', ['/v1/:literal']],
  ['/:id/to/:id', ['/{id}/to/{id2}']],
  ['{/:lang}', ['/{lang}', '/']],
])('%s: %j', (path, templates) => {
  expect(pathTemplates(path).map(({ template }) => template)).toEqual(templates)
})

test('a parameter tells its pattern, and whether it may hold slashes', () => {
  expect(pathTemplates('/:id(^\\d+$)/*rest')[0]?.params).toEqual([
    { name: 'id', pattern: '^\\d+$' },
    { name: 'rest', wildcard: true },
  ])
})

test('samples stand in for what a path takes: one segment for a parameter, one and more for a wildcard', () => {
  expect(pathTemplates('/a/:id')[0]?.samples).toEqual(['/a/~cs~'])
  expect(pathTemplates('/a/*')[0]?.samples).toEqual(['/a/~cs~', '/a/~cs~/~cs~'])
})

test('a path of many optional parts is cut off, not endless', () => {
  expect(pathTemplates('{/a}'.repeat(30)).length).toBe(64)
})
