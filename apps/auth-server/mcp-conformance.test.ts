// `@modelcontextprotocol/conformance`: its scenarios for authorization servers, by its own program.
import { spawn } from 'node:child_process'
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startHost } from '@countersign/conformance'
import { describe, expect, test } from 'vitest'
import { noChromium, openChromium } from '../console/chromium.ts'
import { AUDIENCE, freePort, startAuthServer, WEB } from './host.ts'
import { type Answers, authorize } from './person.ts'

if (noChromium) console.warn(`\n!!! nobody signs in for @modelcontextprotocol/conformance: ${noChromium}\n`)

const program = join(
  dirname(createRequire(import.meta.url).resolve('@modelcontextprotocol/conformance/package.json')),
  'dist/index.js',
)

/** What the program is run against, and who signs in there. */
interface Tried {
  readonly issuer: string
  readonly client: string
  readonly resource: string
  readonly answers?: Answers
  stop(): Promise<unknown>
}

/** A sample host: documents of clients are off there. */
async function sample(name: string): Promise<Tried> {
  const { issuer, stop } = await startAuthServer(name)
  return { issuer, client: WEB, resource: AUDIENCE, stop }
}

/** The one with everything on. */
async function everything(): Promise<Tried> {
  const host = await startHost(fileURLToPath(new URL('main.ts', import.meta.url)))
  return {
    issuer: `http://127.0.0.1:${host.port}`,
    client: 'shop',
    resource: 'https://api.example',
    answers: { username: 'ada', password: 'correct horse battery' },
    stop: host.stop,
  }
}

const OFF = expect.stringContaining('client_id_metadata_document_supported')

describe.skipIf(noChromium).each([
  ['node', () => sample('node'), OFF],
  ['express', () => sample('express'), OFF],
  ['fastify', () => sample('fastify'), OFF],
  ['everything switched on', everything, 'SUCCESS'],
] as const)('on %s', (_name, start, documents) => {
  test('every scenario for authorization servers: the metadata, and the code grant', async () => {
    const [server, browser, port] = await Promise.all([start(), openChromium(), freePort()])
    const out = mkdtempSync(join(tmpdir(), 'countersign-'))
    const { issuer, client, resource } = server
    const args = ['--url', issuer, '-o', out, '--client-id', client, '--resource', resource, '-p', `${port}`]
    const child = spawn(process.execPath, [program, 'authorization', ...args])
    let said = ''
    let visit: Promise<unknown> | undefined
    const hear = (chunk: Buffer) => {
      said += chunk
      const url = /http:\/\/127\.0\.0\.1:\d+\/oauth\/authorize\?\S+(?=\s)/.exec(said)?.[0]
      if (url) visit ??= authorize(browser, url, server.answers)
    }
    child.stdout.on('data', hear)
    child.stderr.on('data', hear)
    const status = await new Promise<number | null>((resolve) => child.once('close', resolve))
    await visit
    await Promise.all([browser.close(), server.stop()])
    const checks = globSync(join(out, '**/checks.json')).flatMap(
      (file) => JSON.parse(readFileSync(file, 'utf8')) as { id: string; status: string; errorMessage?: string }[],
    )
    rmSync(out, { recursive: true })
    expect(
      Object.fromEntries(checks.map(({ id, status, errorMessage }) => [id, errorMessage ?? status])),
      said,
    ).toEqual({
      'authorization-server-metadata': 'SUCCESS',
      // Where it is off: a note, and no failure.
      'authorization-server-metadata-cimd': documents,
      'authorization-code-grant': 'SUCCESS',
    })
    expect(status, said).toBe(0)
  }, 60_000)
})
