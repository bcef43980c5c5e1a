// `@modelcontextprotocol/conformance`: its scenarios for authorization servers, by its own program.
import { spawn } from 'node:child_process'
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { noChromium, openChromium } from '../console/chromium.ts'
import { AUDIENCE, freePort, startAuthServer, WEB } from './host.ts'
import { authorize } from './person.ts'

if (noChromium) console.warn(`\n!!! nobody signs in for @modelcontextprotocol/conformance: ${noChromium}\n`)

const program = join(
  dirname(createRequire(import.meta.url).resolve('@modelcontextprotocol/conformance/package.json')),
  'dist/index.js',
)

describe.skipIf(noChromium).each(['node', 'express', 'fastify'])('on %s', (name) => {
  test('every scenario for authorization servers: the metadata, and the code grant', async () => {
    const [server, browser, port] = await Promise.all([startAuthServer(name), openChromium(), freePort()])
    const out = mkdtempSync(join(tmpdir(), 'countersign-'))
    const args = ['--url', server.issuer, '-o', out, '--client-id', WEB, '--resource', AUDIENCE, '-p', `${port}`]
    const child = spawn(process.execPath, [program, 'authorization', ...args])
    let said = ''
    let visit: Promise<unknown> | undefined
    const hear = (chunk: Buffer) => {
      said += chunk
      const url = /http:\/\/127\.0\.0\.1:\d+\/oauth\/authorize\?\S+(?=\s)/.exec(said)?.[0]
      if (url) visit ??= authorize(browser, url)
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
      // Off on the sample hosts: a note, and no failure. everything-on.test.ts has it on.
      'authorization-server-metadata-cimd': expect.stringContaining('client_id_metadata_document_supported'),
      'authorization-code-grant': 'SUCCESS',
    })
    expect(status, said).toBe(0)
  }, 60_000)
})
