import { Agent, request as httpRequest } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

/** One request under load. `begun` is `performance.now()`, `took` milliseconds. */
export interface Sample {
  readonly name: string
  readonly begun: number
  readonly took: number
  /** 0: no whole answer came. */
  readonly status: number
  readonly fault?: string
  /** It went on a connection that had answered before. */
  readonly kept: boolean
  readonly body: string
}

export interface Ask {
  /** To tell samples apart. */
  readonly name: string
  readonly path: string
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

export const asBearer = (token: string) => ({ authorization: `Bearer ${token}` })

/** One request; never rejects. Given up after 10 s. */
export function ask(port: number, what: Ask, agent?: Agent): Promise<Sample> {
  const begun = performance.now()
  const { name, path, method = 'GET', headers = {}, body } = what
  return new Promise((resolve) => {
    const done = (status: number, text: string, fault?: string) =>
      resolve({
        name,
        begun,
        took: performance.now() - begun,
        status,
        body: text,
        kept: request.reusedSocket,
        ...(fault && { fault }),
      })
    const type =
      body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
    const request = httpRequest({
      host: '127.0.0.1',
      port,
      path,
      method,
      headers: { ...type, ...headers },
      agent: agent ?? false,
      signal: AbortSignal.timeout(10_000),
    })
    request.on('error', (error: NodeJS.ErrnoException) => done(0, '', error.code ?? error.message))
    request.on('response', (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk) => chunks.push(chunk))
      response.on('error', (error: NodeJS.ErrnoException) => done(0, '', error.code ?? error.message))
      response.on('end', () => response.complete && done(response.statusCode ?? 0, Buffer.concat(chunks).toString()))
      response.on('close', () => done(0, '', 'half an answer'))
    })
    request.end(body)
  })
}

export interface Load {
  readonly samples: readonly Sample[]
  stop(): Promise<readonly Sample[]>
}

/** So many clients, each with a connection that it keeps, that ask one after the other in turn until `stop`. */
export function load(port: number, clients: number, asks: readonly Ask[], pause = 8): Load {
  const samples: Sample[] = []
  const agent = new Agent({ keepAlive: true, maxSockets: clients })
  let stopped = false
  const client = async (first: number) => {
    for (let at = first; !stopped; at++) {
      samples.push(await ask(port, asks[at % asks.length] as Ask, agent))
      await sleep(pause)
    }
  }
  const running = Promise.all(Array.from({ length: clients }, (_, at) => client(at)))
  return {
    samples,
    async stop() {
      stopped = true
      await running
      agent.destroy()
      return samples
    },
  }
}

/** The time that 99 of 100 took no longer than, in milliseconds. */
export function p99(samples: readonly Sample[]): number {
  const times = samples.map(({ took }) => took).toSorted((a, b) => a - b)
  return times[Math.min(times.length - 1, Math.floor(times.length * 0.99))] ?? 0
}

/** `200 × 31, 503 × 4`. */
export function tally(samples: readonly Sample[]): string {
  const counts = new Map<string, number>()
  for (const { status, fault } of samples) {
    const name = status === 0 ? `${fault}` : `${status}`
    counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  return [...counts].map(([name, count]) => `${name} × ${count}`).join(', ') || 'none'
}

/** Waits until it is so, looking every few milliseconds; false when it is not within so many milliseconds. */
export async function until(isSo: () => boolean | Promise<boolean>, within: number): Promise<boolean> {
  const end = performance.now() + within
  for (;;) {
    if (await isSo()) return true
    if (performance.now() > end) return false
    await sleep(5)
  }
}
