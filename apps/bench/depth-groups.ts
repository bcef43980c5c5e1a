// What `npm run bench:depth` compares: in each group the same route without a thing, with ours, and with a peer's.
import type { CandidateName } from './candidates.ts'
import type { DepthCandidateName } from './depth-candidates.ts'

export const DEPTH_PARTS = {
  limits: 'Limits',
  audit: 'Audit',
  signatures: 'Signatures',
  gateway: 'Gateway',
} as const
export type DepthPart = keyof typeof DEPTH_PARTS

/** What is sent, and the status that every answer must have. */
export const SENT = {
  plain: { says: 'no credential', status: 200 },
  spent: { says: 'no credential', status: 429 },
  token: { says: '512 tokens in turn', status: 200 },
  body: { says: 'a JSON body of 0.6 KB', status: 200 },
  hmac: { says: 'a JSON body of 0.6 KB, signed with HMAC-SHA256', status: 200 },
  ed25519: { says: 'a JSON body of 0.6 KB, signed with Ed25519', status: 200 },
  once: { says: 'a JSON body of 0.6 KB, signed with HMAC-SHA256, each once', status: 200 },
} as const
export type SentName = keyof typeof SENT

export interface Entrant {
  readonly candidate: CandidateName | DepthCandidateName
  readonly label: string
  readonly kind: 'bare' | 'ours' | 'peer'
  readonly path: string
  readonly sent: SentName
  /** Within a group only what shares it is set against each other; the first bare is what all are compared with. */
  readonly against?: string
}
export interface DepthGroup {
  readonly part: DepthPart
  readonly framework: 'Express' | 'Fastify'
  readonly what: string
  readonly entrants: readonly Entrant[]
}

const WEB = [
  { framework: 'Express', slug: 'express', limiter: 'express-rate-limit', limiting: 'express-rate-limit' },
  { framework: 'Fastify', slug: 'fastify', limiter: 'fastify-rate-limit', limiting: '@fastify/rate-limit' },
] as const
const LOGGERS = {
  express: { candidate: 'pino-http', label: 'pino-http' },
  fastify: { candidate: 'fastify-logger', label: "Fastify's logger" },
} as const

export const DEPTH_GROUPS: readonly DepthGroup[] = [
  ...WEB.flatMap(({ framework, slug, limiter, limiting }): DepthGroup[] => {
    const pair = (path: string, sent: SentName): Entrant[] => [
      { candidate: `limits-${slug}`, label: 'countersign', kind: 'ours', path, sent },
      { candidate: limiter, label: limiting, kind: 'peer', path, sent },
    ]
    return [
      {
        ...{ part: 'limits', framework, what: 'by address, far from the limit' },
        entrants: [bare(`bare-${slug}`, 'no limit', 'plain'), ...pair('/address', 'plain')],
      },
      { part: 'limits', framework, what: 'by address, refusing (429)', entrants: pair('/spent', 'spent') },
      {
        ...{ part: 'limits', framework, what: 'by caller, behind a policy that asks for a token' },
        entrants: [bare(`countersign-${slug}`, 'the policy alone', 'token'), ...pair('/caller', 'token')],
      },
    ]
  }),
  ...WEB.map(
    ({ framework, slug }): DepthGroup => ({
      ...{ part: 'audit', framework, what: 'a route behind a policy that asks for a token' },
      entrants: [
        bare(`countersign-${slug}`, 'the policy alone', 'token'),
        { ...tokens(`audit-${slug}`), label: 'countersign', kind: 'ours' },
        { ...tokens(`audit-chained-${slug}`), label: 'countersign, with the chain', kind: 'ours' },
        { ...tokens(LOGGERS[slug].candidate), label: LOGGERS[slug].label, kind: 'peer' },
      ],
    }),
  ),
  ...WEB.flatMap(({ framework, slug }) => [signed(framework, slug, 'hmac'), signed(framework, slug, 'ed25519')]),
  {
    ...{ part: 'gateway', framework: 'Fastify', what: 'a GET passed on to a service of one route' },
    entrants: [
      bare('http-proxy', '@fastify/http-proxy, asking for nothing', 'token'),
      { ...tokens('gateway-ed25519'), label: 'countersign, identity with Ed25519', kind: 'ours' },
      { ...tokens('gateway-secret'), label: 'countersign, identity with a secret', kind: 'ours' },
      { ...tokens('http-proxy-jwt'), label: '@fastify/jwt, the token handed on', kind: 'peer' },
    ],
  },
]

function bare(candidate: Entrant['candidate'], label: string, sent: SentName): Entrant {
  return { candidate, label, kind: 'bare', path: '/posts', sent }
}

function tokens(candidate: Entrant['candidate']) {
  return { candidate, path: '/posts', sent: 'token' } as const
}

function signed(framework: DepthGroup['framework'], slug: 'express' | 'fastify', sent: 'hmac' | 'ed25519'): DepthGroup {
  const ours = { candidate: `signatures-${slug}`, kind: 'ours' } as const
  const peer = { candidate: `http-message-signatures-${slug}`, kind: 'peer' } as const
  const answer = { path: `/${sent}/answer`, sent, against: 'and signs the answer' }
  const once: Entrant = {
    ...ours,
    label: 'countersign, each nonce once',
    path: '/once',
    sent: 'once',
    against: 'replay',
  }
  return {
    ...{ part: 'signatures', framework, what: `a POST of 0.6 KB signed with ${sent === 'hmac' ? 'HMAC' : 'Ed25519'}` },
    entrants: [
      bare(`bare-${slug}`, 'not looked at', 'body'),
      { ...ours, label: 'countersign', path: `/${sent}`, sent },
      { ...peer, label: 'http-message-signatures', path: `/${sent}`, sent },
      ...(sent === 'hmac' ? [once] : []),
      { ...ours, ...answer, label: `countersign, ${answer.against}` },
      { ...peer, ...answer, label: `http-message-signatures, ${answer.against}` },
    ],
  }
}
