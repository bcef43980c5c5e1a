// A sample host with its authorization server, under the address that it names as its issuer.
import { createServer } from 'node:net'
import { type RunningHost, startHost } from '@countersign/conformance'
import { HOSTS } from '../hosts/hosts.ts'

export interface AuthServer {
  /** Its issuer, and where it is. */
  readonly issuer: string
  /** `aud` of its tokens. */
  readonly audience: string
  readonly output: RunningHost['output']
  stop(): Promise<unknown>
}

export const AUDIENCE = 'https://api.sample.test'
export const DEMO = { username: 'admintak', password: 'pwdforapitest' } as const
export const SERVICE = { id: 'demo-service', secret: 'demo-service-secret' } as const
export const WEB = 'demo-web'

/** Starts one of the hosts on a port that is free: the issuer must be known before it listens. */
export async function startAuthServer(name: string, env: Readonly<Record<string, string>> = {}): Promise<AuthServer> {
  const port = await freePort()
  const issuer = `http://127.0.0.1:${port}`
  const main = HOSTS[name]
  if (main === undefined) throw new TypeError(`no host ${name}`)
  const host = await startHost(main, { env: { PORT: `${port}`, ISSUER: issuer, ...env } })
  return { issuer, audience: AUDIENCE, output: host.output, stop: host.stop }
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}
