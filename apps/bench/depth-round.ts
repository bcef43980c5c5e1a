// One round in a process of its own: what an event costs, and what verifying and signing cost without a server.
import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { join } from 'node:path'
import { jsonLines } from '@countersign/audit-log'
import { eventCost } from '../../packages/audit-log/test/event-cost.ts'
import type { DepthPart } from './depth-groups.ts'
import { type Lane, type LaneRow, measure } from './life-lanes.ts'
import { messageSignatures } from './peers/message-signatures.ts'
import { signatures } from './peers/signatures.ts'
import { POST } from './post.ts'
import { signer } from './settings.ts'
import { requestSigner, SIGNATURES, type SignatureName, signingKeys } from './signed-request.ts'

export interface DepthOrder {
  readonly round: number
  readonly quick: boolean
  readonly parts: readonly DepthPart[]
}
/** Microseconds: by the clock on the request path for events, of CPU for signatures. */
export interface DepthRow {
  readonly part: DepthPart
  readonly lane: string
  readonly microseconds: number
}

export interface DepthAnswer {
  readonly rows: readonly DepthRow[]
}

/** One lane a library and algorithm; each verifies 512 requests in turn, bodies not read. */
export function verifyingLanes(): readonly Lane[] {
  const signing = signingKeys()
  const settings = { ...signer('EdDSA').settings, signing }
  const ours = signatures(settings)
  return (Object.keys(SIGNATURES) as SignatureName[]).flatMap((name) => {
    const signed = requestSigner(name, signing)
    const pool = Array.from({ length: 512 }, () => signed(`/${name}`))
    const peer = messageSignatures(name, settings)
    const { policy } = ours[name]
    let at = 0
    const make = () => incoming(`/${name}`, { ...FIELDS, ...(pool[at++ % pool.length] as (typeof pool)[number]) })
    return [
      lane(`${SIGNATURES[name].says}: countersign`, make, async (request) => !(await policy.check(request))?.status),
      lane(`${SIGNATURES[name].says}: http-message-signatures`, make, (request) => peer.isSigned(request)),
    ]
  })
}

const FIELDS = { host: '127.0.0.1', 'content-type': 'application/json', 'content-length': `${Buffer.byteLength(POST)}` }

const SOCKET = new Socket()

type Request = ReturnType<typeof incoming>

function lane(name: string, make: () => Request, isRight: (made: Request) => Promise<boolean>): Lane {
  let made: Request[] = []
  return {
    name,
    slice: 16,
    least: 64,
    ready: (count) => (made = Array.from({ length: count }, make)),
    async run() {
      for (const one of made) if (!(await isRight(one))) throw new Error(`${name}: a good signature was refused`)
    },
  }
}

/** A request as node:http has it, whose body has not been read. */
function incoming(url: string, headers: Record<string, string>) {
  const rawHeaders = Object.entries(headers).flat()
  return Object.assign(new IncomingMessage(SOCKET), { method: 'POST', url, headers, rawHeaders })
}

/** What an event costs the request that it is about: goal 5 µs. */
async function events(round: number): Promise<DepthRow[]> {
  const costOf = (isChained: boolean) =>
    eventCost(isChained ? undefined : (folder) => jsonLines(join(folder, 'audit.log')))
  // Whoever comes first finds a process that is less warm.
  const first = await costOf(round % 2 === 1)
  const second = await costOf(round % 2 === 0)
  const [plain, chained] = round % 2 === 0 ? [first, second] : [second, first]
  return [
    { part: 'audit', lane: 'an event', microseconds: plain.event },
    { part: 'audit', lane: 'an event, with the chain', microseconds: chained.event },
    { part: 'audit', lane: 'writing it, after', microseconds: plain.written },
    { part: 'audit', lane: 'writing it, after, with the chain', microseconds: chained.written },
  ]
}

async function answer({ round, quick, parts }: DepthOrder): Promise<void> {
  const rows = parts.includes('audit') ? await events(round) : []
  const verified: LaneRow[] = parts.includes('signatures')
    ? await measure(verifyingLanes(), { turns: 12, round, quick })
    : []
  const all = verified.map(({ lane, cpu }): DepthRow => ({ part: 'signatures', lane, microseconds: cpu }))
  process.send?.({ rows: [...rows, ...all] } satisfies DepthAnswer)
}

if (import.meta.main) {
  process.on('disconnect', () => process.exit())
  process.on('message', (order: DepthOrder) => {
    answer(order).catch((error: Error) => process.send?.({ kind: 'failed', why: error.stack }))
  })
}
