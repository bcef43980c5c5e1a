import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, expect, test } from 'vitest'
import type { LoadRequest } from './load.ts'
import { startChild } from './process.ts'
import { signer } from './settings.ts'

const run = promisify(execFile)
const MAIN = fileURLToPath(new URL('main.ts', import.meta.url))
const out = mkdtempSync(join(tmpdir(), 'countersign-bench-'))
afterAll(() => rmSync(out, { recursive: true }))

test('a quick run measures servers in processes of their own and writes page, chart and values', async () => {
  const { stdout } = await run(process.execPath, [MAIN, '--quick', '--only', 'countersign-fastify', '--out', out])
  expect(stdout).toContain('this is no full run')
  const { routes, rounds } = JSON.parse(readFileSync(join(out, 'bench.json'), 'utf8'))
  expect(rounds).toBe(1)
  expect(new Set(routes.map((row: { candidate: string }) => row.candidate))).toEqual(
    new Set(['bare-fastify', 'countersign-fastify']),
  )
  for (const row of routes) {
    expect(row.requestsPerSecond[0]).toBeGreaterThan(0)
    expect(row.cpuPerRequest[0]).toBeGreaterThan(0)
  }
  expect(readFileSync(join(out, 'bench.md'), 'utf8')).toContain('**countersign**')
  expect(readFileSync(join(out, 'bench.svg'), 'utf8')).toMatch(/^<svg /)
}, 120_000)

test('--help says what can be asked, and a wrong name is refused', async () => {
  expect((await run(process.execPath, [MAIN, '--help'])).stdout).toContain('--only TEXT')
  await expect(run(process.execPath, [MAIN, '--quick', '--only', 'nobody'])).rejects.toThrow('no such candidate')
})

test('an answer with another status than the wanted one ends the run', async () => {
  const server = startChild('server', 'serve.ts', ['floor-fastify'], {
    SETTINGS: JSON.stringify(signer('EdDSA').settings),
  })
  const load = startChild('load', 'load.ts')
  try {
    const { url } = await server.answer<{ url: string }>()
    const told: LoadRequest[] = [
      { kind: 'open', port: Number(new URL(url).port), connections: 2 },
      { kind: 'requests', texts: ['GET /posts HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'] },
    ]
    for (const message of told) {
      load.send(message)
      await load.answer()
    }
    load.send({ kind: 'run', status: 200, milliseconds: 50, atLeast: 1 })
    await expect(load.answer()).rejects.toThrow('an answer of 401 in place of 200')
  } finally {
    await Promise.all([server.stop(), load.stop()])
  }
}, 60_000)
