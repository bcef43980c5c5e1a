// F11, F12 and F13: the JWK Set of an issuer elsewhere fails, misbehaves, or is asked for keys that nobody has.
import { type Fault, must } from './fault.ts'
import { p99, type Sample, tally } from './load.ts'
import { type Behaviour, sending, source, type Verifier, verifier } from './source.ts'

const KEYS = 'tokens/src/remote-keys.ts'
const MINUTE = 60_000
const MIB = 1_048_576
/** Bytes that sockets may hold on the way. */
const ON_THE_WAY = 8 * MIB
/** Milliseconds until a document is given up, and what a busy machine adds. */
const GIVEN_UP = 3_000 + 500

const failing: Fault = {
  id: 'F11',
  on: 'a server with remoteIssuer',
  done: 'the JWK Set answers 500: to a process that has keys, and to one that has none; hours pass by the monotonic clock',
  holds: 'with keys, tokens pass for an hour, then 503; without, 503 and never 401; both recover',
  guards: [
    {
      what: 'the old set serves while a new one cannot be had',
      changes: [{ file: KEYS, find: 'const loaded = load().catch(() => {})', replace: 'const loaded = load()' }],
      bites: 'warm, after 11 minutes: 503',
    },
    {
      what: 'a set is kept for an hour only',
      changes: [{ file: KEYS, find: 'if (age() > KEPT_FOR) throw error', replace: 'if (!set) throw error' }],
      bites: 'after 61 minutes: 200',
    },
    {
      what: 'a load that failed is no answer',
      changes: [
        { file: KEYS, find: 'await useKept()\n      throw unavailable(performance.now())', replace: 'await useKept()' },
        { file: KEYS, find: 'Promise.reject(unavailable(now))', replace: 'Promise.resolve()' },
        // The hour is looked at in one more place.
        { file: KEYS, find: 'if (age() > KEPT_FOR)\n', replace: 'if (age() > KEPT_FOR && set)\n' },
      ],
      bites: 'cold: 401',
    },
  ],
  async run(changes, scope) {
    const from = await source(scope)
    const warm = await verifier(from.url, changes, scope)
    const say = async (who: Verifier, when: string, status: number) => {
      const got = await who.me('good', from.good)
      must(got.status === status, `${when}: ${got.status}`)
    }
    await say(warm, 'at first', 200)
    from.behave(sending({}, 500))
    const cold = await verifier(from.url, changes, scope)
    await say(cold, 'cold', 503)
    await say(cold, 'cold, again at once', 503)
    await warm.ahead(11 * MINUTE)
    await say(warm, 'warm, after 11 minutes', 200)
    await warm.ahead(45 * MINUTE)
    await say(warm, 'warm, after 56 minutes', 200)
    await warm.ahead(5 * MINUTE)
    await say(warm, 'warm, after 61 minutes', 503)
    from.behave(sending({ keys: [from.strangers] }))
    await cold.ahead(MINUTE)
    must((await cold.me('stranger', from.stranger)).status === 200, 'cold, when the source is back: not 200')
    return 'warm: 200 for 56 minutes, 503 after 61; cold: 503, and 200 a minute after the source is back'
  },
}

/** Each with a key in it that must never count. */
const BEHAVIOURS: readonly (readonly [what: string, behave: (strangers: object) => Behaviour])[] = [
  ['a redirect', (strangers) => sending({ keys: [strangers] }, 302, { location: '/stolen' })],
  [
    '10,000 keys',
    (strangers) =>
      sending({ keys: Array.from({ length: 10_000 }, (_, at) => (at === 0 ? strangers : { kid: `${at}` })) }),
  ],
  [
    '100 MB',
    (strangers) => (response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      response.write(`{"keys":[${JSON.stringify(strangers)}],"pad":"`)
      const chunk = Buffer.alloc(MIB, 0x61)
      let left = 100
      const more = () => {
        while (left > 0 && !response.destroyed) {
          left--
          if (!response.write(chunk)) return void response.once('drain', more)
        }
        response.end('"}')
      }
      more()
    },
  ],
  [
    'slowness',
    (strangers) => (response) => {
      const text = JSON.stringify({ keys: [strangers] })
      response.writeHead(200, { 'content-type': 'application/json' })
      let at = 0
      const drip = setInterval(() => {
        if (at < 9) response.write(text[at++])
        else response.end(text.slice(at))
      }, 500)
      response.on('close', () => clearInterval(drip))
    },
  ],
]

const misbehaving: Fault = {
  id: 'F12',
  on: 'a server with remoteIssuer',
  done: 'the JWK Set redirects, has 10,000 keys, has 100 MB, comes a byte each half second; each with a key of a stranger in it',
  holds: 'given up at 1 MiB, 3 s, 100 keys; no redirect followed; the old set is kept, and the stranger never passes',
  guards: [
    {
      what: 'only 200 is a document',
      changes: [{ file: 'tokens/src/fetch-json.ts', find: 'if (answer.status !== 200)', replace: 'if (false)' }],
      bites: 'a redirect: the stranger got 200',
    },
    {
      what: 'at most 100 keys',
      changes: [{ file: 'tokens/src/key-set.ts', find: 'if (listed.length > 100)', replace: 'if (false)' }],
      bites: '10,000 keys: the stranger got 200',
    },
    {
      what: 'at most 1 MiB',
      changes: [{ file: 'tokens/src/fetch-json.ts', find: 'if (size > MAX_DOCUMENT)', replace: 'if (false)' }],
      bites: '100 MB: the stranger got 200',
    },
    {
      what: 'at most 3 s',
      changes: [
        {
          file: 'tokens/src/jwks-document.ts',
          find: 'AbortSignal.timeout(timeout)',
          replace: 'new AbortController().signal',
        },
      ],
      bites: 'slowness: ',
    },
  ],
  unshown: [
    'following redirects: node:http follows none, so there is no text that could be taken out; the case sees that nobody came',
  ],
  async run(changes, scope) {
    const seen = await Promise.all(
      BEHAVIOURS.map(async ([what, behave]) => {
        const fresh = await source(scope)
        const one = await verifier(fresh.url, changes, scope)
        must((await one.me('good', fresh.good)).status === 200, `${what}: before it, the good token did not pass`)
        const bytes = fresh.bytes
        fresh.behave(behave(fresh.strangers))
        await one.ahead(11 * MINUTE)
        const first = await one.me('good', fresh.good)
        const stranger = await one.me('stranger', fresh.stranger)
        must(first.took < GIVEN_UP, `${what}: the first request waited ${Math.round(first.took)} ms`)
        must(stranger.status !== 200, `${what}: the stranger got 200`)
        must(first.status === 200, `${what}: the good token got ${first.status}`)
        must(!fresh.followed, `${what}: the redirect was followed`)
        const sent = fresh.bytes - bytes
        must(sent < ON_THE_WAY, `${what}: ${Math.round(sent / MIB)} MiB were taken`)
        return `${what}: ${Math.round(first.took)} ms, ${(sent / MIB).toFixed(1)} MiB`
      }),
    )
    return seen.join('; ')
  },
}

const FLOOD = 3_000

const flooded: Fault = {
  id: 'F13',
  on: 'a server with remoteIssuer',
  done: `${FLOOD} tokens with names of keys that nobody has, 30 at once, among good ones`,
  holds: 'one fetch in 30 s; memory does not grow with the names; good tokens pass as before',
  guards: [
    {
      what: 'one load in 30 s',
      changes: [{ file: KEYS, find: 'if (now - triedAt < COOL_DOWN)', replace: 'if (false)' }],
      bites: 'fetches',
    },
  ],
  unshown: [
    'memory: what is unknown is not listed anywhere, so there is no bound that could be taken out; the heap is measured',
  ],
  async run(changes, scope) {
    const from = await source(scope)
    const one = await verifier(from.url, changes, scope)
    await one.me('good', from.good)
    const before = await one.ahead(MINUTE)
    const fetches = from.fetches
    const samples: Sample[] = []
    let left = FLOOD
    const caller = async () => {
      while (left-- > 0)
        samples.push(await (left % 10 === 0 ? one.me('good', from.good) : one.me('unknown', from.unknown())))
    }
    await Promise.all(Array.from({ length: 30 }, caller))
    const grown = (await one.ahead(0)) - before
    const good = samples.filter(({ name }) => name === 'good')
    const unknown = samples.filter(({ name }) => name === 'unknown')
    const more = from.fetches - fetches
    must(more <= 1, `${more} fetches for ${unknown.length} unknown names`)
    must(
      good.every(({ status }) => status === 200),
      `good tokens got ${tally(good)}`,
    )
    must(
      unknown.every(({ status }) => status === 401),
      `unknown names got ${tally(unknown)}`,
    )
    must(grown < 4 * MIB, `the heap grew by ${Math.round(grown / MIB)} MiB`)
    must(p99(good) < 300, `good tokens took ${Math.round(p99(good))} ms (p99)`)
    return `${more} fetch, ${tally(unknown)} for unknown names, ${tally(good)} for good ones (p99 ${Math.round(p99(good))} ms), heap ${(grown / MIB).toFixed(1)} MiB more`
  },
}

export const keySources: readonly Fault[] = [failing, misbehaving, flooded]
