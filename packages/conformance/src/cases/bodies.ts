import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { bearer, type Case, JSON_TYPE, json, type World } from '../case.ts'

const post = (
  world: World,
  path: string,
  body: string | Uint8Array,
  type: readonly [string, string] | undefined = JSON_TYPE,
) => ({
  method: 'POST',
  path,
  headers: [bearer(world.mint()), ...(type ? [type] : [])],
  body,
})
const TYPE = (value: string) => ['Content-Type', value] as const
const INVALID = { status: 400, code: 'invalid_request', challenges: [] } as const
const UNSUPPORTED = { status: 415, code: 'unsupported_media_type' } as const
const GOOD = '{"title":"t","body":"b"}'

/** 400 whose `errors` name exactly these places. */
const invalidAt = (...pointers: readonly string[]) => ({
  ...INVALID,
  also: (response: Parameters<typeof json>[0]) => {
    const { errors } = json<{ errors: readonly { pointer: string; detail: string }[] }>(response)
    const got = errors.map(({ pointer }) => pointer).join(' ')
    if (got !== pointers.join(' ')) throw new Error(`errors point at "${got}", expected "${pointers.join(' ')}"`)
    if (errors.some(({ detail }) => typeof detail !== 'string' || detail === ''))
      throw new Error('an error says nothing')
  },
})

export const bodyCases: readonly Case[] = [
  {
    id: 'V01',
    title:
      'bodies made to slip through: prototypes, unknown members, depth, length, other encodings; no check is skipped',
    section: 'THREATS V01',
    *steps(world) {
      const bad = (body: string | Uint8Array, type?: readonly [string, string]) => post(world, '/posts', body, type)
      yield { send: post(world, '/posts', GOOD), expect: { status: 201 } }
      yield { send: bad('{"title":"t","body":"b","__proto__":{"admin":true}}'), expect: INVALID }
      yield { send: bad('{"title":"t","body":"b","\\u005f_proto__":{"admin":true}}'), expect: INVALID }
      yield { send: bad('{"title":"t","body":"b","constructor":{"prototype":{"admin":true}}}'), expect: INVALID }
      yield { send: bad('{"title":"t","body":"b","constructor":1}'), expect: invalidAt('/constructor') }
      yield { send: bad('{"title":"t","body":"b","toString":1}'), expect: invalidAt('/toString') }
      yield { send: bad('{"title":"t","body":"b","author":"usr_admintak"}'), expect: invalidAt('/author') }
      yield { send: bad(`{"title":"t","body":${'['.repeat(10_000)}${']'.repeat(10_000)}}`), expect: INVALID }
      yield { send: bad(`${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`), expect: INVALID }
      yield {
        send: bad(`{"title":"t","body":"b","tags":[${'"x",'.repeat(100_000)}"x"]}`),
        expect: { status: 413, code: 'content_too_large' },
      }
      yield { send: bad(`{"title":"t","body":"b","tags":[${'"x",'.repeat(20_000)}"x"]}`), expect: invalidAt('/tags') }
      yield { send: bad('{"nothing":"fits"}', TYPE('application/json\ta')), expect: UNSUPPORTED }
      yield { send: bad('{"nothing":"fits"}', TYPE(' application/json')), expect: INVALID }
      yield { send: bad(Buffer.from(GOOD, 'utf16le'), TYPE('application/json; charset=utf-16')), expect: UNSUPPORTED }
      yield { send: bad(Buffer.from(GOOD, 'utf16le')), expect: INVALID }
      yield {
        send: {
          ...bad(gzipSync('x'.repeat(1_000_000))),
          headers: [bearer(world.mint()), JSON_TYPE, ['Content-Encoding', 'gzip']],
        },
        expect: UNSUPPORTED,
      }
      // The prototypes are clean: nobody became an admin by what was sent above.
      yield {
        send: { path: '/me', headers: [bearer(world.mint({ claims: { scope: undefined } }))] },
        expect: { status: 200, json: { subject: 'usr_admintak', scheme: 'bearer', scopes: [], roles: [] } },
      }
    },
  },
  {
    id: 'V01 prototype',
    title: 'a member that poisons a prototype is refused where any other member is welcome',
    section: 'THREATS V01',
    *steps(world) {
      const data = (body: string) => post(world, '/api/data', body)
      yield { send: data('{"a":{"constructor":1,"prototype":2,"proto":3}}'), expect: { status: 200 } }
      for (const body of [
        '{"__proto__":{"admin":true}}',
        '{"a":1,"\\u005f_proto__":{"admin":true}}',
        '{"a":[{"b":{"__proto__":null}}]}',
      ]) {
        yield { send: data(body), expect: INVALID }
      }
    },
  },
  {
    id: 'V01 constructor',
    title: 'constructor.prototype is refused where any other member is welcome',
    section: 'THREATS V01',
    *steps(world) {
      for (const body of [
        '{"constructor":{"prototype":{"admin":true}}}',
        '{"a":[{"constructor":{"a":1,"prototype":null}}]}',
      ]) {
        yield { send: post(world, '/api/data', body), expect: INVALID }
      }
    },
  },
  {
    id: 'V01 depth',
    title: '64 levels, and no more',
    section: 'THREATS V01',
    *steps(world) {
      const nested = (levels: number) => `{"a":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`
      yield { send: post(world, '/api/data', nested(64)), expect: { status: 200 } }
      yield { send: post(world, '/api/data', nested(65)), expect: INVALID }
      yield { send: post(world, '/api/data', `${'{"a":'.repeat(65)}1${'}'.repeat(65)}`), expect: INVALID }
      yield { send: post(world, '/api/data', nested(10_000)), expect: INVALID }
    },
  },
  {
    id: 'V02',
    title: 'strict JSON: duplicate members, BOM, bad UTF-8, not JSON, nothing',
    section: 'RFC 7493 section 2.3',
    *steps(world) {
      for (const body of [
        '{"title":"t","title":"u","body":"b"}',
        '{"title":"t","t\\u0069tle":"u","body":"b"}',
        '{"title":"t","body":"b"',
        '{"title":"t","body":"b"} x',
        '{title:"t"}',
        "{'title':'t'}",
        '{"title":"t","body":NaN}',
        '{"title":"t","body":"b",}',
        ' ',
        `${'['.repeat(65)}${']'.repeat(65)}`,
      ]) {
        yield { send: post(world, '/posts', body), expect: INVALID }
      }
      yield {
        send: post(world, '/posts', Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(GOOD)])),
        expect: INVALID,
      }
      yield {
        send: post(
          world,
          '/posts',
          Buffer.concat([Buffer.from('{"title":"'), Buffer.from([0xff]), Buffer.from('","body":"b"}')]),
        ),
        expect: INVALID,
      }
      yield { send: { method: 'POST', path: '/posts', headers: [bearer(world.mint())] }, expect: INVALID }
      yield { send: { method: 'POST', path: '/posts', headers: [bearer(world.mint()), JSON_TYPE] }, expect: INVALID }
      yield {
        send: { method: 'POST', path: '/posts', headers: [bearer(world.mint()), JSON_TYPE, ['Content-Length', '0']] },
        expect: INVALID,
      }
      yield {
        send: post(world, '/posts', '\n\t {"title" : "t" , "body":"\\u00e9\\ud83d\\ude00"}\r\n'),
        expect: { status: 201 },
      }
    },
  },
  {
    id: 'V03',
    title: 'media types: JSON alone, in UTF-8 alone, once',
    section: 'RFC 9110 section 15.5.16',
    *steps(world) {
      for (const type of [
        'application/json',
        'application/json; charset=utf-8',
        'application/json;charset=UTF-8',
        'Application/JSON',
        'application/json; charset="utf-8"',
      ]) {
        yield { send: post(world, '/posts', GOOD, TYPE(type)), expect: { status: 201 } }
      }
      for (const type of [
        'text/plain',
        'application/jsonx',
        'application/json+x',
        'application/problem+json',
        'application/x-www-form-urlencoded',
        'application/json, text/plain',
        'application/json; charset=latin1',
        'application/json; x=y',
        '*/*',
        'json',
        '',
      ]) {
        yield { send: post(world, '/posts', GOOD, TYPE(type)), expect: UNSUPPORTED }
      }
      yield {
        send: { method: 'POST', path: '/posts', headers: [bearer(world.mint())], body: GOOD },
        expect: UNSUPPORTED,
      }
      yield {
        send: {
          method: 'POST',
          path: '/posts',
          headers: [bearer(world.mint()), JSON_TYPE, TYPE('text/plain')],
          body: GOOD,
        },
        expect: UNSUPPORTED,
      }
      for (const coding of ['gzip', 'br', 'identity', 'x']) {
        yield {
          send: {
            method: 'POST',
            path: '/posts',
            headers: [bearer(world.mint()), JSON_TYPE, ['Content-Encoding', coding]],
            body: GOOD,
          },
          expect: UNSUPPORTED,
        }
      }
    },
  },
  {
    id: 'V04',
    title: 'the order of answers: credential, media type, length, content; nothing is read before the policy passed',
    section: 'SAMPLE-API, every route',
    *steps(world) {
      const big = `{"title":"t","body":"${'x'.repeat(110_000)}"}`
      const headers = (type: string, credential = bearer(world.mint())) => [credential, TYPE(type)]
      yield {
        send: { method: 'POST', path: '/posts', headers: [TYPE('text/plain')], body: big },
        expect: { status: 401 },
      }
      yield {
        send: {
          method: 'POST',
          path: '/posts',
          headers: headers('text/plain', bearer(world.mint({ claims: { scope: 'x' } }))),
          body: big,
        },
        expect: { status: 403 },
      }
      yield { send: { method: 'POST', path: '/posts', headers: headers('text/plain'), body: big }, expect: UNSUPPORTED }
      yield {
        send: { method: 'POST', path: '/posts', headers: headers('application/json'), body: big },
        expect: { status: 413, code: 'content_too_large' },
      }
      const chunked = `1ae4e\r\n${big.slice(0, 0x1ae4e)}\r\n0\r\n\r\n`
      yield {
        send: {
          method: 'POST',
          path: '/posts',
          headers: [...headers('application/json'), ['Transfer-Encoding', 'chunked']],
          body: chunked,
        },
        expect: { status: 413, code: 'content_too_large' },
      }
      const edge = big.slice(0, 102_398).concat('"}')
      yield {
        send: { method: 'POST', path: '/posts', headers: headers('application/json'), body: edge },
        expect: invalidAt('/body'),
      }
      yield {
        send: { method: 'POST', path: '/posts', headers: headers('application/json'), body: `${edge} ` },
        expect: { status: 413 },
      }
    },
  },
  {
    id: 'V04 order',
    title: 'whoever may not is told so, whatever the body is',
    section: 'SAMPLE-API, every route',
    *steps(world) {
      const weak = bearer(world.mint({ claims: { scope: 'x' } }))
      for (const body of ['{', `{"title":"${'x'.repeat(110_000)}"}`]) {
        for (const type of [JSON_TYPE, TYPE('text/plain')]) {
          yield { send: { method: 'POST', path: '/posts', headers: [type], body }, expect: { status: 401 } }
          yield { send: { method: 'POST', path: '/posts', headers: [weak, type], body }, expect: { status: 403 } }
        }
      }
    },
  },
  {
    id: 'V04 length',
    title: 'a Content-Length over the limit is refused before anything of the body came',
    section: 'RFC 9110 section 15.5.14',
    async *steps(world) {
      const send = {
        method: 'POST',
        path: '/posts',
        headers: [bearer(world.mint()), JSON_TYPE, ['Content-Length', '102401']] as const,
      }
      const silence = sleep(1500, undefined, { ref: false }).then(() => {
        throw new Error('the host waits for a body that it will refuse')
      })
      await Promise.race([world.send(send), silence])
      yield { send, expect: { status: 413, code: 'content_too_large' } }
    },
  },
  {
    id: 'V05',
    title: 'a post that does not fit: where and what, never the value',
    section: 'RFC 9457 section 3, RFC 6901',
    *steps(world) {
      const canary = 'canary-value-91b2'
      const send = (value: unknown) => post(world, '/posts', JSON.stringify(value))
      const noEcho = (expected: ReturnType<typeof invalidAt>) => ({
        ...expected,
        also: (response: Parameters<typeof json>[0]) => {
          expected.also(response)
          if (response.body.includes(canary)) throw new Error('the value that was sent is echoed')
        },
      })
      yield { send: send({ title: canary }), expect: noEcho(invalidAt('/body')) }
      yield { send: send({ title: 1, body: canary }), expect: noEcho(invalidAt('/title')) }
      yield { send: send({ title: '', body: canary }), expect: noEcho(invalidAt('/title')) }
      yield { send: send({ title: canary.repeat(20), body: 'b' }), expect: noEcho(invalidAt('/title')) }
      yield { send: send({ title: 't', body: 'b', tags: canary }), expect: noEcho(invalidAt('/tags')) }
      yield { send: send({ title: 't', body: 'b', tags: [1] }), expect: noEcho(invalidAt('/tags/0')) }
      yield { send: send({ title: 't', body: 'b', tags: Array(11).fill(canary) }), expect: noEcho(invalidAt('/tags')) }
      yield { send: send({ title: 't', body: 'b', 'a/b~c': canary }), expect: noEcho(invalidAt('/a~1b~0c')) }
      yield { send: send([canary]), expect: noEcho(invalidAt('')) }
    },
  },
]
