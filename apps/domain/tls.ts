import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

/** What `createServer` of `node:https` takes. */
export interface Tls {
  readonly key: Buffer
  readonly cert: Buffer
  readonly minVersion: 'TLSv1.2'
  readonly ca?: Buffer
  readonly requestCert?: true
  readonly rejectUnauthorized?: true
}

/** What the start says of them: where the files lie that a client needs. */
export interface Certificates {
  readonly tls: Tls
  readonly lines: readonly string[]
}

/**
 * Makes certificates for this machine, good for two days, with `openssl`. `mutual`: one for a client too, and nobody gets in without.
 * Never for anything but trying out: whoever trusts such a certificate trusts a file in a folder.
 */
export function makeCertificates(folder: string, mutual: boolean): Certificates {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const server = make(folder, 'server', ['subjectAltName=DNS:localhost,IP:127.0.0.1', 'extendedKeyUsage=serverAuth'])
  const said = [`certificate: ${server.certFile}`]
  const tls: Tls = { key: readFileSync(server.keyFile), cert: readFileSync(server.certFile), minVersion: 'TLSv1.2' }
  if (!mutual) return { tls, lines: said }
  const client = make(folder, 'client', ['extendedKeyUsage=clientAuth'])
  return {
    tls: { ...tls, ca: readFileSync(client.certFile), requestCert: true, rejectUnauthorized: true },
    lines: [...said, `client certificate: ${client.certFile}`, `client key: ${client.keyFile}`],
  }
}

function make(folder: string, name: string, extensions: readonly string[]) {
  const keyFile = resolve(join(folder, `${name}.key`))
  const certFile = resolve(join(folder, `${name}.crt`))
  const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']
  const more = extensions.flatMap((one) => ['-addext', one])
  try {
    execFileSync(
      'openssl',
      [...request, '-subj', `/CN=countersign sample ${name}`, ...more, '-keyout', keyFile, '-out', certFile],
      {
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    )
  } catch (error) {
    const { code, stderr } = error as { code?: string; stderr?: Buffer }
    throw new Error(code === 'ENOENT' ? 'HTTPS=1 needs `openssl`, which is not installed' : `openssl: ${stderr}`)
  }
  return { keyFile, certFile }
}
