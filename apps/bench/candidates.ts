import type { Algorithm } from './settings.ts'

/** A server that can be started: the file `peers/NAME.ts`. */
export interface Candidate {
  readonly framework: 'Express' | 'Fastify'
  readonly label: string
  readonly kind: 'bare' | 'ours' | 'peer' | 'floor'
  /** What it judges tokens with; none for those that know no tokens. */
  readonly algorithms: readonly Algorithm[]
}

const ALL: readonly Algorithm[] = ['HS256', 'RS256', 'ES256', 'EdDSA']
const NO_EDDSA: readonly Algorithm[] = ['HS256', 'RS256', 'ES256'] // as jsonwebtoken

export const CANDIDATES = {
  'bare-express': { framework: 'Express', label: 'no protection', kind: 'bare', algorithms: [] },
  'countersign-express': { framework: 'Express', label: 'countersign', kind: 'ours', algorithms: ALL },
  'floor-map-express': { framework: 'Express', label: 'floor with a map', kind: 'floor', algorithms: ALL },
  'floor-express': { framework: 'Express', label: 'floor', kind: 'floor', algorithms: ALL },
  'floor-later-express': {
    framework: 'Express',
    label: 'floor, answering from setImmediate',
    kind: 'floor',
    algorithms: ALL,
  },
  'jose-express': { framework: 'Express', label: 'jose inline', kind: 'peer', algorithms: ALL },
  'express-jwt': { framework: 'Express', label: 'express-jwt', kind: 'peer', algorithms: NO_EDDSA },
  'express-jwt-key': {
    framework: 'Express',
    label: 'express-jwt, prepared key',
    kind: 'peer',
    algorithms: NO_EDDSA,
  },
  'express-oauth2-jwt-bearer': {
    framework: 'Express',
    label: 'express-oauth2-jwt-bearer',
    kind: 'peer',
    algorithms: ALL,
  },
  'passport-jwt': { framework: 'Express', label: 'passport-jwt', kind: 'peer', algorithms: NO_EDDSA },
  'express-basic-auth': { framework: 'Express', label: 'express-basic-auth', kind: 'peer', algorithms: [] },
  'express-openapi-validator': {
    framework: 'Express',
    label: 'express-openapi-validator',
    kind: 'peer',
    algorithms: [],
  },
  'bare-fastify': { framework: 'Fastify', label: 'no protection', kind: 'bare', algorithms: [] },
  'countersign-fastify': { framework: 'Fastify', label: 'countersign', kind: 'ours', algorithms: ALL },
  'floor-map-fastify': { framework: 'Fastify', label: 'floor with a map', kind: 'floor', algorithms: ALL },
  'floor-fastify': { framework: 'Fastify', label: 'floor', kind: 'floor', algorithms: ALL },
  'jose-fastify': { framework: 'Fastify', label: 'jose inline', kind: 'peer', algorithms: ALL },
  'fast-jwt': { framework: 'Fastify', label: 'fast-jwt inline', kind: 'peer', algorithms: ALL },
  'fast-jwt-cached': { framework: 'Fastify', label: 'fast-jwt inline, its cache', kind: 'peer', algorithms: ALL },
  'fastify-jwt': { framework: 'Fastify', label: '@fastify/jwt', kind: 'peer', algorithms: ALL },
  'fastify-jwt-cached': { framework: 'Fastify', label: '@fastify/jwt, its cache', kind: 'peer', algorithms: ALL },
  'fastify-bearer-auth': { framework: 'Fastify', label: '@fastify/bearer-auth', kind: 'peer', algorithms: [] },
  'fastify-basic-auth': { framework: 'Fastify', label: '@fastify/basic-auth', kind: 'peer', algorithms: [] },
  'fastify-schema': { framework: 'Fastify', label: "Fastify's own validation", kind: 'peer', algorithms: [] },
} as const satisfies Record<string, Candidate>

export type CandidateName = keyof typeof CANDIDATES
