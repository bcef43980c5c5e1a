// The servers of `npm run bench:depth`, and what they are sent.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DEPTH_GROUPS, type DepthGroup, type DepthPart, type Entrant, SENT } from './depth-groups.ts'
import { get, post } from './http.ts'
import { startChild } from './process.ts'
import type { Listening } from './serve.ts'
import { type Settings, signer } from './settings.ts'
import { signedTexts, signingKeys } from './signed-request.ts'
import { type Ask, FULL, type Lane, type Progress, QUICK, startServer, takeTurns } from './turns.ts'

/** One entrant of a group in one round. */
export interface DepthWindow {
  readonly round: number
  readonly group: DepthGroup
  readonly entrant: Entrant
  readonly requestsPerSecond: number
  readonly cpuPerRequest: number
  readonly serverBusy: number
  readonly loadBusy: number
}
export interface DepthOptions {
  readonly rounds: number
  readonly quick: boolean
  readonly parts: readonly DepthPart[]
}

export const TURNS = 5
const REPEATED = 512
const ONCE = 4096 // in a turn: more than a server answers in it

interface DepthAsk extends Ask {
  readonly entrant: Entrant
}
interface DepthLane extends Lane<DepthAsk> {
  readonly group: DepthGroup
}

/** All rounds, over sockets. */
export async function depthOverSockets(
  { rounds, quick, parts }: DepthOptions,
  progress: Progress,
): Promise<DepthWindow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-bench-'))
  try {
    const { settings, texts } = material()
    const lanes = DEPTH_GROUPS.filter(({ part }) => parts.includes(part)).map((group) =>
      [...Map.groupBy(group.entrants, ({ candidate }) => candidate)].map(
        ([candidate, entrants]): DepthLane => ({
          name: candidate,
          group,
          start: () => started(group, candidate, { ...settings, folder: mkdtempSync(join(folder, 'server-')) }),
          asks: entrants.map((entrant) => ({
            ...{ entrant, traffic: group.what, path: entrant.path, ...SENT[entrant.sent] },
            ...(entrant.sent === 'once' && { fresh: 'once' as const }),
            texts: texts(entrant),
          })),
        }),
      ),
    )
    const times = quick ? QUICK : { ...FULL, turns: TURNS }
    const turned = await takeTurns(lanes, { rounds, times }, progress)
    return turned.map(({ lane, ask, ...figures }) => ({
      ...figures,
      group: lane.group,
      entrant: (ask as DepthAsk).entrant,
    }))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** A service behind a gateway is a process on the load's core, and counts as load. */
async function started({ part }: DepthGroup, candidate: Entrant['candidate'], settings: Settings) {
  if (part !== 'gateway') return startServer(candidate, settings)
  const behind = startChild('load', 'serve.ts', ['bare-fastify'])
  try {
    const { url: upstream } = await behind.answer<Listening>()
    return { ...(await startServer(candidate, { ...settings, upstream })), behind }
  } catch (error) {
    await behind.stop()
    throw error
  }
}

/** Keys, and the requests of each kind: made once, but for those that may be sent only once. */
function material() {
  const { settings, token } = signer('EdDSA')
  const signing = signingKeys()
  const tokens = Array.from({ length: REPEATED }, (_, number) => token(number, { sub: `user-${number}` }))
  const texts = ({ sent, path }: Entrant): Ask['texts'] => {
    if (sent === 'once') return () => signedTexts('hmac', signing, path, ONCE)
    const made =
      sent === 'token'
        ? tokens.map((one) => get(path, `Authorization: Bearer ${one}\r\n`))
        : sent === 'hmac' || sent === 'ed25519'
          ? signedTexts(sent, signing, path, REPEATED)
          : [sent === 'body' ? post(path) : get(path)]
    return () => made
  }
  return { settings: { ...settings, signing }, texts }
}
