// A place on this machine that speaks TLS, with a certificate that this process trusts or not.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import type { RequestListener } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'

export const hasOpenssl = spawnSync('openssl', ['version']).status === 0
if (!hasOpenssl) console.warn('\n!!! no openssl: nothing is fetched over TLS\n')

export interface TlsPlace {
  readonly port: number
  /** Connections so far: more than those that got as far as a request. */
  readonly connections: () => number
  stop(): Promise<void>
}

export async function overTls(answer: RequestListener, { isTrusted = true } = {}): Promise<TlsPlace> {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-'))
  const [key, cert] = [join(folder, 'key'), join(folder, 'cert')]
  const made = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', key, '-out', cert]
  const names = ['-subj', '/CN=a', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1']
  execFileSync('openssl', ['req', '-x509', '-days', '2', ...made, ...names], { stdio: 'ignore' })
  const before = getCACertificates()
  const files = { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') }
  rmSync(folder, { recursive: true })
  if (isTrusted) setDefaultCACertificates([...before, files.cert])
  let connections = 0
  const server = createServer(files, answer).on('connection', () => connections++)
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => connections,
    async stop() {
      setDefaultCACertificates(before)
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
    },
  }
}
