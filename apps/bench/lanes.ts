import { CANDIDATES, type Candidate, type CandidateName } from './candidates.ts'
import type { Algorithm } from './settings.ts'

/** What is sent, and the status that every answer must have. */
export const TRAFFIC = {
  repeated: { says: '512 tokens in turn', status: 200 },
  new: { says: 'every token new', status: 200 },
  absent: { says: 'no credential', status: 401 },
  garbage: { says: 'text that is no token', status: 401 },
  forged: { says: 'a wrong signature', status: 401 },
  key: { says: 'an API key', status: 200 },
  basic: { says: 'a user name and a password', status: 200 },
  body: { says: 'a JSON body of 0.6 KB', status: 200 },
} as const
export type TrafficName = keyof typeof TRAFFIC

/** One server process of a round, and what it is asked, window by window. */
export interface Lane {
  readonly candidate: CandidateName
  /** The key of the settings that it gets; what is compared shares it. */
  readonly algorithm: Algorithm
  readonly asks: readonly { readonly traffic: TrafficName; readonly path: string }[]
}

/** Whose refusals are measured: the floors' too, so that what is compared with ours has seen what ours has. */
const REFUSES: readonly CandidateName[] = [
  'countersign-express',
  'floor-express',
  'floor-map-express',
  'express-jwt-key',
  'express-oauth2-jwt-bearer',
  'passport-jwt',
  'jose-express',
  'countersign-fastify',
  'floor-fastify',
  'floor-map-fastify',
  'fastify-jwt',
  'fast-jwt',
  'jose-fastify',
]
/** A request without a token is refused there by lines of this folder, and says nothing of the library. */
const INLINE: readonly CandidateName[] = ['jose-express', 'fast-jwt', 'jose-fastify']
/** Who gets tokens that are new: the floors with a map too, whose maps are full then as ours is. */
const NEW: readonly CandidateName[] = [
  'bare-express',
  'countersign-express',
  'floor-express',
  'floor-later-express',
  'floor-map-express',
  'express-jwt-key',
  'bare-fastify',
  'countersign-fastify',
  'floor-fastify',
  'floor-map-fastify',
  'fastify-jwt',
]

/** Servers that are compared with each other. */
export interface Group {
  readonly bare: Lane
  readonly others: readonly Lane[]
}

export const GROUPS: readonly Group[] = [
  ...(['RS256', 'EdDSA'] as const).flatMap((algorithm) => [
    tokens(algorithm, 'Express', 'bare-express'),
    tokens(algorithm, 'Fastify', 'bare-fastify'),
  ]),
  {
    bare: other('bare-express', ['key', '/keys'], ['basic', '/basic'], ['body', '/posts'], ['body', '/strict']),
    others: [
      other('countersign-express', ['key', '/keys'], ['basic', '/basic'], ['body', '/posts'], ['body', '/strict']),
      other('express-basic-auth', ['basic', '/posts']),
      other('express-openapi-validator', ['body', '/posts']),
    ],
  },
  {
    bare: other('bare-fastify', ['key', '/keys'], ['basic', '/basic'], ['body', '/posts'], ['body', '/strict']),
    others: [
      other('countersign-fastify', ['key', '/keys'], ['basic', '/basic'], ['body', '/posts'], ['body', '/strict']),
      other('fastify-bearer-auth', ['key', '/posts']),
      other('fastify-basic-auth', ['basic', '/posts']),
      other('fastify-schema', ['body', '/posts']),
    ],
  },
]

function tokens(algorithm: Algorithm, framework: Candidate['framework'], bare: CandidateName): Group {
  const judges = (Object.keys(CANDIDATES) as CandidateName[]).filter((name) => {
    const candidate: Candidate = CANDIDATES[name]
    const plainFloor = candidate.kind === 'floor' && !candidate.label.includes('map')
    if (algorithm === 'EdDSA' && plainFloor) return false // its place is shown once
    return candidate.framework === framework && candidate.algorithms.includes(algorithm)
  })
  const lane = (candidate: CandidateName): Lane => {
    const traffic: TrafficName[] = ['repeated']
    if (algorithm === 'RS256' && NEW.includes(candidate)) traffic.push('new')
    if (algorithm === 'RS256' && REFUSES.includes(candidate)) traffic.push('garbage', 'forged')
    if (algorithm === 'RS256' && REFUSES.includes(candidate) && !INLINE.includes(candidate)) traffic.push('absent')
    return { candidate, algorithm, asks: traffic.map((one) => ({ traffic: one, path: '/posts' })) }
  }
  return { bare: lane(bare), others: judges.map(lane) }
}

function other(candidate: CandidateName, ...asks: readonly (readonly [TrafficName, string])[]): Lane {
  return { candidate, algorithm: 'RS256', asks: asks.map(([traffic, path]) => ({ traffic, path })) }
}
