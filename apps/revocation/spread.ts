import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Order, Reply } from './process.ts'

/** What one round took, in milliseconds from the moment in which A was asked to revoke. */
export interface Round {
  /** Until A said that it is done. */
  readonly written: number
  /** Until B and C refused. */
  readonly refused: readonly number[]
}

const PROCESS = fileURLToPath(new URL('process.ts', import.meta.url))

/** Three processes on one store: in each round A makes a token and revokes it while B and C are asked about it all the time. */
export async function spread(
  address: string,
  rounds: number,
  told: (round: number) => void,
): Promise<readonly Round[]> {
  const name = `revoke-${process.pid}-${Date.now()}`
  const processes = await Promise.all(['A', 'B', 'C'].map(() => start(address, name)))
  try {
    const results: Round[] = []
    for (let round = 0; round < rounds; round++) {
      results.push(await oneRound(processes))
      told(round + 1)
    }
    return results
  } finally {
    await Promise.all(processes.map(stop))
  }
}

async function start(address: string, name: string): Promise<ChildProcess> {
  const child = fork(PROCESS, [address, name], { execArgv: [], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const failed = once(child, 'exit').then(([code]) => {
    throw new Error(`a process on ${new URL(address).protocol} ended with ${code}`)
  })
  failed.catch(() => {})
  await Promise.race([once(child, 'message'), failed])
  return child
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return
  const ended = once(child, 'exit')
  child.send({ do: 'close' } satisfies Order)
  await ended
}

async function oneRound([a, ...others]: readonly ChildProcess[]): Promise<Round> {
  const first = a as ChildProcess
  const { token } = (await ask(first, { do: 'issue' }, 'issue')) as Extract<Reply, { done: 'issue' }>
  const refusals = others.map((child) => next(child, 'refused'))
  await Promise.all(others.map((child) => ask(child, { do: 'watch', token }, 'watching')))
  // Anywhere between two polls.
  await new Promise((done) => setTimeout(done, Math.random() * 120))
  const { from, to } = (await ask(first, { do: 'revoke', token }, 'revoke')) as Extract<Reply, { done: 'revoke' }>
  const since = (at: string) => Number(BigInt(at) - BigInt(from)) / 1e6
  const refused = (await Promise.all(refusals)) as Extract<Reply, { done: 'refused' }>[]
  return { written: since(to), refused: refused.map(({ at }) => since(at)) }
}

async function ask(child: ChildProcess, order: Order, done: Reply['done']): Promise<Reply> {
  const reply = next(child, done)
  child.send(order)
  return reply
}

function next(child: ChildProcess, done: Reply['done']): Promise<Reply> {
  return new Promise((resolve) => {
    const hear = (reply: Reply) => {
      if (reply.done !== done) return
      child.off('message', hear)
      resolve(reply)
    }
    child.on('message', hear)
  })
}
