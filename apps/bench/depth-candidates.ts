// What `npm run bench:depth` starts beside some of `candidates.ts`: each the file `peers/NAME.ts`.
export const DEPTH_CANDIDATES = {
  'limits-express': 'rateLimit of rate-limits, in memory: `/address`, `/spent`, and `/caller` behind a policy',
  'express-rate-limit': 'express-rate-limit on the same routes, its memory store, the headers of draft 8',
  'limits-fastify': 'as `limits-express`',
  'fastify-rate-limit': '@fastify/rate-limit on the same routes, its memory store',
  'audit-express': 'a route behind a policy, `auditLog({ sink: jsonLines(file) })`',
  'audit-chained-express': 'the same with `chain`',
  'pino-http': 'the same route without the audit log, and pino-http to a file, asynchronously',
  'audit-fastify': 'as `audit-express`',
  'audit-chained-fastify': 'as `audit-chained-express`',
  'fastify-logger': "the same route without the audit log, and Fastify's own logger to a file, asynchronously",
  'signatures-express':
    'httpSignature of http-signatures: `/hmac`, `/ed25519`, `/once` with a replay store in memory; `…/answer` signs too',
  'http-message-signatures-express':
    'http-message-signatures, and a few lines for the digest, which it leaves to its user',
  'signatures-fastify': 'as `signatures-express`',
  'http-message-signatures-fastify': 'as `http-message-signatures-express`',
  'gateway-ed25519': 'the gateway of the README of gateway: a policy, and an identity signed with Ed25519',
  'gateway-secret': 'the same, with a secret that gateway and service share',
  'http-proxy': '@fastify/http-proxy alone',
  'http-proxy-jwt': '@fastify/http-proxy behind @fastify/jwt with its cache: asks for a token and hands it on',
} as const
export type DepthCandidateName = keyof typeof DEPTH_CANDIDATES
