import { isLoopback } from '@countersign/http'
import {
  type Attack,
  type AttackMethod,
  attacksOn,
  type Battery,
  sendAttack,
  serveAttackerKeys,
} from '@countersign/testing'
import { EXIT } from './exit.ts'
import { rawHeaders } from './header.ts'
import { publicKeys } from './public-keys.ts'
import { isWayIn, lines, type Result, report } from './report.ts'

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

/** Sends the battery, one request after the other, and tells what came of each. */
export async function attack(address: string, options: Options) {
  const url = urlOf(address)
  const here = isLoopback(url)
  if (!here && !options.dangerouslyAttackAHostThatIsNotThisMachine)
    throw new Error(
      `${url.hostname} is not this machine. With its owner's leave: --dangerously-attack-a-host-that-is-not-this-machine`,
    )
  // Another machine could not reach a key server on this one's loopback.
  const attacker = here ? await serveAttackerKeys() : undefined
  try {
    const battery = await batteryOf(url, options, attacker?.url)
    const before = await controlFault(url, battery)
    if (before) throw new Error(before)
    const results: Result[] = []
    for (const one of battery.attacks) results.push(await resultOf(url, one))
    const after = await controlFault(url, battery)
    const text = options.json ? lines(results, after) : report(`${options.method} ${url}`, results, battery, after)
    return { text, exit: after ? EXIT.usage : results.some(isWayIn) ? EXIT.wrong : EXIT.right }
  } finally {
    await attacker?.close()
  }
}

function urlOf(address: string): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:')
    throw new Error('attack needs an URL such as http://127.0.0.1:3000/me')
  return url
}

async function batteryOf(url: URL, options: Options, keyServer: string | undefined): Promise<Battery> {
  const { token, method, data, header, jwks, other } = options
  const lines = rawHeaders(header)
  const headers = Object.fromEntries(lines.flatMap((name, at) => (at % 2 === 0 ? [[name, lines[at + 1] ?? '']] : [])))
  if (Object.keys(headers).some((name) => name.toLowerCase() === 'authorization'))
    throw new Error('--header must not be Authorization: the token comes from --token')
  const given = {
    ...(data !== undefined && { body: parsed(data) }),
    ...(other && { others: other }),
    ...(jwks && { publicKeys: await publicKeys(jwks) }),
    ...(keyServer && { keyServer }),
  }
  return attacksOn({ method, url: url.pathname + url.search, token, headers, ...given }).catch((error) => {
    throw error instanceof TypeError && error.message.includes('"token"') ? new Error('--token must be a JWT') : error
  })
}

function parsed(data: string): unknown {
  try {
    return JSON.parse(data)
  } catch {
    throw new Error('--data must be JSON')
  }
}

/** Asked before and after: a server that refuses everybody, or has stopped, refuses the attacks too. */
async function controlFault(url: URL, { control }: Battery): Promise<string | undefined> {
  const answer = await sendAttack(url, control).catch((error: Error) => error.message)
  return typeof answer === 'string' ? `no answer to the good request: ${answer}` : control.fault(answer)?.says
}

async function resultOf(url: URL, { id, name, section, sender, severity, request, fault }: Attack): Promise<Result> {
  const words = { id, name, section, sender, severity }
  try {
    const answer = await sendAttack(url, { request })
    const wrong = fault(answer)
    return { ...words, status: answer.status, ...(wrong && { fault: wrong }) }
  } catch (error) {
    return { ...words, status: 0, fault: { kind: 'broke', says: `no answer: ${(error as Error).message}` } }
  }
}
