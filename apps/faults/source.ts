// An issuer on the loopback that behaves as it is told, and a server that judges its tokens.
import { type ChildProcess, fork } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { makeKeys, mintWith } from '@countersign/conformance'
import type { Change, Scope } from './fault.ts'
import { without } from './hosts.ts'
import { asBearer, ask, type Sample } from './load.ts'

const AUDIENCE = 'https://api.sample.test'

export type Behaviour = (response: ServerResponse) => void

export interface Source {
  readonly url: string
  behave(as: Behaviour): void
  /** Since the start. */
  readonly fetches: number
  readonly bytes: number
  /** Whether someone came for what a redirect names. */
  readonly followed: boolean
  readonly good: string
  readonly stranger: string
  /** The key that it is signed with, as it would be published. */
  readonly strangers: object
  /** A token of a key that is not published. */
  unknown(): string
}

const publicJwk = (keys: ReturnType<typeof makeKeys>) => ({
  ...keys.public.EdDSA.export({ format: 'jwk' }),
  kid: 'test-EdDSA',
  alg: 'EdDSA',
})

/** An issuer on the loopback that behaves as it is told. */
export async function source(scope: Scope): Promise<Source> {
  const [keys, others] = [makeKeys(), makeKeys()]
  const strangers = { ...publicJwk(others), kid: 'stranger' }
  let behave: Behaviour = sending({ keys: [publicJwk(keys)] })
  const seen = { fetches: 0, bytes: 0, followed: false }
  const server = createServer((request, response) => {
    if (request.url === '/stolen') seen.followed = true
    else seen.fetches++
    const { socket } = response
    response.on('close', () => (seen.bytes += socket?.bytesWritten ?? 0))
    behave(response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  scope.defer(() => {
    server.closeAllConnections()
    server.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const mint = mintWith(keys, url, AUDIENCE)
  return {
    url,
    strangers,
    behave: (as) => void (behave = as),
    get fetches() {
      return seen.fetches
    },
    get bytes() {
      return seen.bytes
    },
    get followed() {
      return seen.followed
    },
    good: mint({ alg: 'EdDSA' }),
    stranger: mintWith(others, url, AUDIENCE)({ alg: 'EdDSA', header: { kid: 'stranger' } }),
    unknown: () => mint({ alg: 'EdDSA', header: { kid: randomUUID() } }),
  }
}

export const sending =
  (value: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Behaviour =>
  (response) =>
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value))

export interface Verifier {
  me(name: string, token: string): Promise<Sample>
  /** Puts its monotonic clock forward; gives the bytes of its heap. */
  ahead(milliseconds: number): Promise<number>
}

/** A server that judges tokens of that issuer, in a process of its own. */
export async function verifier(url: string, changes: readonly Change[], scope: Scope): Promise<Verifier> {
  const { nodeFlags, env } = without(changes)
  const child: ChildProcess = fork(fileURLToPath(new URL('./verifier.ts', import.meta.url)), [url], {
    execArgv: [...nodeFlags, '--expose-gc'],
    env: { PATH: process.env.PATH, NODE_NO_WARNINGS: '1', ...env },
  })
  scope.defer(() => child.kill('SIGKILL'))
  const [{ port }] = await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(() => Promise.reject(new Error('the verifier ended before it listened'))),
  ])
  return {
    me: (name, token) => ask(port, { name, path: '/me', headers: asBearer(token) }),
    async ahead(milliseconds) {
      child.send({ ahead: milliseconds })
      const [{ heap }] = await once(child, 'message')
      return heap
    },
  }
}
