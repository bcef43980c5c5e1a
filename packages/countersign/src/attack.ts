import { readFile } from 'node:fs/promises'
import { styleText } from 'node:util'
import { type Attack, type AttackMethod, attacksOn, type Battery, sendAttack } from '@countersign/testing'
import { EXIT } from './exit.ts'
import { rawHeaders } from './header.ts'

interface Options {
  readonly token: string
  readonly method: AttackMethod
  readonly data?: string
  readonly header?: readonly string[]
  readonly jwks?: string
  readonly other?: readonly string[]
  readonly json?: boolean
  readonly dangerouslyAttackAHostThatIsNotThisMachine?: boolean
}

/** Any server that takes bearer tokens: nothing else is known of it. */
const SERVER = {
  describe: () => ({
    name: 'bearer tokens',
    mode: 'required' as const,
    accept: { scheme: 'bearer', sources: ['authorization:bearer'], openapi: {} },
    allow: undefined,
    maxAge: undefined,
  }),
}
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/

/** Sends the battery, one request after the other, and tells what came of each. */
export async function attack(address: string, options: Options) {
  const url = urlOf(address)
  if (!LOOPBACK.test(url.hostname) && !options.dangerouslyAttackAHostThatIsNotThisMachine)
    throw new Error(
      `${url.hostname} is not this machine. With its owner's leave: --dangerously-attack-a-host-that-is-not-this-machine`,
    )
  const battery = await batteryOf(url, options)
  const [control, ...attacks] = battery.attacks as [Attack, ...Attack[]]
  const refused = control.fault(await sendAttack(url, control))
  if (refused) throw new Error(refused)
  const results: Result[] = []
  for (const one of attacks) {
    const answer = await sendAttack(url, one).catch((error) => ({ status: 0, headers: {}, error: error.message }))
    const fault = 'error' in answer ? `no answer: ${answer.error}` : one.fault(answer)
    results.push({ id: one.id, name: one.name, section: one.section, status: answer.status, ...(fault && { fault }) })
  }
  const text = options.json
    ? results.map((result) => `${JSON.stringify(result)}\n`).join('')
    : table(url, options.method, results, battery)
  return { text, exit: results.some(({ fault }) => fault) ? EXIT.wrong : EXIT.right }
}

interface Result {
  readonly id: string
  readonly name: string
  readonly section: string
  readonly status: number
  readonly fault?: string
}

function urlOf(address: string): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:')
    throw new Error('attack needs an URL such as http://127.0.0.1:3000/me')
  return url
}

async function batteryOf(url: URL, { token, method, data, header, jwks, other }: Options): Promise<Battery> {
  const lines = rawHeaders(header)
  const headers = Object.fromEntries(lines.flatMap((name, at) => (at % 2 === 0 ? [[name, lines[at + 1] ?? '']] : [])))
  try {
    return await attacksOn(SERVER, {
      method,
      url: url.pathname + url.search,
      token,
      headers,
      ...(data !== undefined && { body: JSON.parse(data) }),
      ...(other && { others: other }),
      ...(jwks && { publicKeys: JSON.parse(await read(jwks)).keys }),
    })
  } catch (error) {
    if (error instanceof SyntaxError) throw new Error('--token must be a JWT, --data and --jwks must be JSON')
    throw error
  }
}

async function read(where: string): Promise<string> {
  if (!/^https?:/.test(where)) return readFile(where, 'utf8')
  const answer = await fetch(where, { redirect: 'error', signal: AbortSignal.timeout(5000) })
  return answer.text()
}

function table(url: URL, method: string, results: readonly Result[], { leftOut }: Battery): string {
  const width = Math.max(...results.map(({ name }) => name.length))
  const rows = results.map(({ name, status, fault, section }) => {
    const mark = fault ? styleText('red', '✗') : styleText('green', '✓')
    const why = fault ? styleText('red', fault) + styleText('dim', `  ${section}`) : ''
    return `${mark} ${name.padEnd(width)}  ${status || '—'}  ${why}`.trimEnd()
  })
  const wrong = results.filter(({ fault }) => fault).length
  const sum = wrong === 0 ? styleText('green', 'every one was refused') : styleText('red', `${wrong} went wrong`)
  const reasons = [...new Set(leftOut.map(({ why }) => why))]
  const left = reasons.map((why) => {
    const ids = leftOut.filter((one) => one.why === why).map(({ id }) => id)
    return styleText('dim', `left out (${why}): ${ids.join(', ')}`)
  })
  return `${[styleText('bold', `${method} ${url}`), ...rows, ...left, `${results.length} attacks: ${sum}`].join('\n')}\n`
}
