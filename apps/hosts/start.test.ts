import { execFile, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'

const run = promisify(execFile)
const START = fileURLToPath(new URL('../express/start.ts', import.meta.url))
const WANTED = 5

let output = ''
const child = spawn(process.execPath, [START], {
  env: { PATH: process.env.PATH, PORT: '0', STORE: 'memory:' },
  stdio: ['ignore', 'pipe', 'inherit'],
})
beforeAll(async () => {
  for await (const chunk of child.stdout) {
    output += chunk
    if (output.includes('Ctrl-C')) return
  }
})
afterAll(() => child.kill())

/** What a stranger would paste: every printed line that is a command. */
const commands = () => output.split('\n').flatMap((line) => (/^ {2}(curl|TOKEN=)/.test(line) ? [line.trim()] : []))

test('npm start prints the URL, the store, the age of the key and the demo users', () => {
  expect(output).toMatch(/^demo api key: sample_\w+\nlistening on http:\/\/127\.0\.0\.1:\d+\n/)
  expect(output).toMatch(/store +memory:/)
  expect(output).toMatch(/signing key +EdDSA, 0 min old/)
  for (const user of ['admintak', 'admintak01', 'admintak02', 'test']) expect(output).toContain(`${user} / `)
})

test('each printed command does what it says, pasted into a shell', async () => {
  const answers = await Promise.all(commands().map(async (line) => (await run('sh', ['-c', line])).stdout))
  expect(answers).toHaveLength(WANTED)
  const [login = '', token, key, basic, nothing] = answers
  expect(JSON.parse(login)).toMatchObject({ token_type: 'Bearer', expires_in: 300 })
  expect(token).toMatch(/^HTTP\/1\.1 200 .*"scheme":"bearer"/s)
  expect(key).toMatch(/^HTTP\/1\.1 200 .*"scheme":"apiKey"/s)
  expect(basic).toMatch(/^HTTP\/1\.1 200 .*"scheme":"basic"/s)
  expect(nothing).toMatch(/^HTTP\/1\.1 401 .*www-authenticate: Bearer realm="sample"/s)
})

test('SIGTERM ends it with 0', async () => {
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  expect(await ended).toBe(0)
})
