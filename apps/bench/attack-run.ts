// The attack kit against one server after the other, over sockets.
import { createPublicKey, type JsonWebKey } from 'node:crypto'
import { bearer, policy } from '@countersign/policy'
import {
  type Attack,
  attacksOn,
  type Battery,
  type Control,
  type LeftOut,
  type ListeningIssuer,
  sendAttack,
  serveAttackerKeys,
  testIssuer,
} from '@countersign/testing'
import type { AttackedServer } from './attack-servers.ts'
import { SCOPE, type Settings } from './settings.ts'

export type Outcome = 'right' | 'let in' | 'not offered' | 'lenient' | 'broke' | 'no challenge' | 'another' | '—'

export interface Cell {
  readonly outcome: Outcome
  /** 0: no answer. */
  readonly status: number
}

export interface Row extends Pick<Attack, 'id' | 'name' | 'section' | 'sender' | 'severity'> {
  /** By the name of the server. */
  readonly cells: Readonly<Record<string, Cell>>
}

export interface Results {
  /** What the good request got, by the name of the server. */
  readonly control: Row['cells']
  readonly rows: readonly Row[]
  readonly leftOut: readonly LeftOut[]
}

/** Sends the whole battery to each. Throws where the good request does not pass: then nothing is proved. */
export async function attackAll(servers: readonly AttackedServer[]): Promise<Results> {
  const issuer = await testIssuer({ algorithm: 'RS256' }).listen()
  const attacker = await serveAttackerKeys()
  try {
    const guard = policy({ accept: bearer(issuer.verifier), scopes: [SCOPE] })
    const battery = await attacksOn(guard, { url: '/posts', issuer, keyServer: attacker.url })
    const settings = await settingsOf(issuer, battery.control)
    const columns: Record<string, Column> = {}
    for (const server of servers) columns[server.name] = await columnOf(server, settings, battery)
    const cellsOf = (cell: (column: Column) => Cell) =>
      Object.fromEntries(servers.map(({ name }) => [name, cell(columns[name] as Column)]))
    const rows = battery.attacks.map(({ id, name, section, sender, severity }) => ({
      ...{ id, name, section, sender, severity },
      cells: cellsOf(({ attacks }) => attacks[id] as Cell),
    }))
    return { control: cellsOf(({ control }) => control), rows, leftOut: battery.leftOut }
  } finally {
    await issuer.close()
    await attacker.close()
  }
}

interface Column {
  readonly control: Cell
  readonly attacks: Readonly<Record<string, Cell>>
}

/** All that a server may want to know of the issuer; each takes what its README asks for. */
async function settingsOf(issuer: ListeningIssuer, control: Control): Promise<Settings> {
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

async function columnOf(server: AttackedServer, settings: Settings, { control, attacks }: Battery): Promise<Column> {
  const { url, close } = await server.start(settings)
  try {
    const good = await sendAttack(url, control)
    if (control.fault(good)) throw new Error(`${server.name} refused the good request: ${good.status}`)
    const cells: Record<string, Cell> = {}
    for (const attack of attacks) {
      const silent = server.noTokens !== undefined && isToken(attack, control)
      cells[attack.id] = silent ? { outcome: '—', status: 0 } : await cellOf(server, url, attack)
    }
    return { control: { outcome: 'right', status: good.status }, attacks: cells }
  } finally {
    await close()
  }
}

/** Whether an attack is one token that is not the good one: says nothing of a server that knows no tokens. */
function isToken({ request }: Attack, control: Control): boolean {
  const { authorization } = request.headers
  return /^Bearer [^ ,]+$/.test(`${authorization}`) && authorization !== control.request.headers.authorization
}

async function cellOf({ lacks }: AttackedServer, url: string, { id, severity, request, fault }: Attack): Promise<Cell> {
  const answer = await sendAttack(url, { request }).catch(() => undefined)
  if (!answer) return { outcome: 'broke', status: 0 }
  const kind = fault(answer)?.kind
  return { outcome: kind === 'let in' ? letIn() : OUTCOMES[kind ?? 'none'], status: answer.status }

  function letIn(): Outcome {
    if (severity === 'strictness') return 'lenient'
    return lacks.some((start) => id.startsWith(start)) ? 'not offered' : 'let in'
  }
}

const OUTCOMES = {
  none: 'right',
  broke: 'broke',
  'no challenge': 'no challenge',
  'another status': 'another',
  refused: 'another',
} as const satisfies Readonly<Record<string, Outcome>>
