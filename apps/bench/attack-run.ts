// The attack kit against one server after the other, over sockets.
import { createPublicKey, type JsonWebKey } from 'node:crypto'
import { bearer, policy } from '@countersign/policy'
import { type Attack, attacksOn, type ListeningIssuer, sendAttack, testIssuer } from '@countersign/testing'
import { kindOf } from './attack-kinds.ts'
import type { AttackedServer } from './attack-servers.ts'
import { SCOPE, type Settings } from './settings.ts'

export type Outcome = 'right' | 'let in' | 'not offered' | 'lenient' | 'broke' | 'no challenge' | 'another' | '—'

export interface Cell {
  readonly outcome: Outcome
  /** 0: no answer. */
  readonly status: number
}

export interface Row extends Pick<Attack, 'id' | 'name' | 'section'> {
  /** By the name of the server. */
  readonly cells: Readonly<Record<string, Cell>>
}

export interface Results {
  /** The good request first. */
  readonly rows: readonly Row[]
  readonly leftOut: readonly { readonly id: string; readonly why: string }[]
}

/** Sends the whole battery to each. Throws where the good request does not pass: then nothing is proved. */
export async function attackAll(servers: readonly AttackedServer[]): Promise<Results> {
  const issuer = await testIssuer({ algorithm: 'RS256' }).listen()
  try {
    const guard = policy({ accept: bearer(issuer.verifier), scopes: [SCOPE] })
    const { attacks, leftOut } = await attacksOn(guard, { url: '/posts', issuer })
    const settings = await settingsOf(issuer, attacks[0] as Attack)
    const columns: Record<string, Readonly<Record<string, Cell>>> = {}
    for (const server of servers) columns[server.name] = await column(server, settings, attacks)
    const rows = attacks.map(({ id, name, section }) => ({
      id,
      name,
      section,
      cells: Object.fromEntries(servers.map((server) => [server.name, columns[server.name]?.[id] as Cell])),
    }))
    return { rows, leftOut }
  } finally {
    await issuer.close()
  }
}

/** All that a server may want to know of the issuer; each takes what its README asks for. */
async function settingsOf(issuer: ListeningIssuer, control: Attack): Promise<Settings> {
  const answer = await fetch(`${issuer.url}/.well-known/jwks.json`)
  const [key] = ((await answer.json()) as { keys: JsonWebKey[] }).keys
  return {
    algorithm: 'RS256',
    issuer: issuer.url,
    audience: issuer.audience,
    publicKey: createPublicKey({ key: key ?? {}, format: 'jwk' })
      .export({ type: 'spki', format: 'pem' })
      .toString(),
    keys: [`${control.request.headers.authorization}`.slice('Bearer '.length)],
  }
}

async function column(server: AttackedServer, settings: Settings, attacks: readonly Attack[]) {
  const { url, close } = await server.start(settings)
  try {
    const cells: Record<string, Cell> = {}
    for (const attack of attacks) cells[attack.id] = await cellOf(server, url, attack)
    if (cells.control?.outcome !== 'right')
      throw new Error(`${server.name} refused the good request: ${cells.control?.status}`)
    return cells
  } finally {
    await close()
  }
}

async function cellOf({ lacks, noTokens }: AttackedServer, url: string, attack: Attack): Promise<Cell> {
  const { id } = attack
  if (id !== 'control' && noTokens !== undefined && kindOf(id).tokens) return { outcome: '—', status: 0 }
  const answer = await sendAttack(url, attack).catch(() => ({ status: 0, headers: {} as Record<string, string> }))
  const { status } = answer
  const outcome = (): Outcome => {
    if (status === 0) return 'broke'
    if (attack.fault(answer) === undefined) return 'right'
    if (status >= 500) return 'broke'
    const challenging = { status, headers: { ...answer.headers, 'www-authenticate': 'Bearer' } }
    if (attack.fault(challenging) === undefined) return 'no challenge'
    if (status >= 300 || id === 'control') return 'another'
    if (!kindOf(id).wayIn) return 'lenient'
    return lacks.some((start) => id.startsWith(start)) ? 'not offered' : 'let in'
  }
  return { outcome: outcome(), status }
}
