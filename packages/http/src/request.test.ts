import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { expect, test } from 'vitest'
import { headerLines, messageOf, pathOf, targetOf } from './index.ts'

const at = (url: string | undefined, originalUrl?: string) => ({
  headers: {},
  rawHeaders: [],
  socket: {},
  url,
  ...(originalUrl !== undefined && { originalUrl }),
})

test('a request is a message or holds one in raw', () => {
  const message = new IncomingMessage(new Socket())
  expect(messageOf(message)).toBe(message)
  expect(messageOf({ raw: message, ip: '::1' })).toBe(message)
})

test('every value of a header, one entry a line, nothing joined or dropped, in any case', () => {
  const message = {
    ...at('/'),
    rawHeaders: ['Authorization', 'a', 'X', 'y', 'AUTHORIZATION', 'b', 'authorization2', 'c'],
  }
  expect(headerLines(message, 'authorization')).toEqual(['a', 'b'])
  expect(headerLines(message, 'cookie')).toEqual([])
  expect(headerLines({ ...at('/'), rawHeaders: ['X', 'Cookie', 'Y', 'Cookie'] }, 'cookie')).toEqual([])
})

test('the target is the one that the client sent, before any router cut a prefix off', () => {
  expect(targetOf(at('/posts?a=1', '/api/posts?a=1'))).toBe('/api/posts?a=1')
  expect(targetOf(at('/posts'))).toBe('/posts')
  expect(targetOf(at(undefined))).toBe('/')
})

test.each([
  ['/posts', '/posts'],
  ['/posts?token=x', '/posts'],
  ['/a?b?c', '/a'],
  ['//posts', '//posts'],
  ['/http://x/y', '/http://x/y'],
  ['http://host/posts?x', '/posts'], // RFC 9112 section 3.2.2: an absolute target
  ['HTTP://ada:secret@host:80/posts', '/posts'],
  ['http://ada:secret@host?x', ''],
  ['*', '*'],
])('the path of %s is %j', (url, path) => expect(pathOf(at(url))).toBe(path))
