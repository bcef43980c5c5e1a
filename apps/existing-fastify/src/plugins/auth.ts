import { randomBytes } from 'node:crypto'
import { bearer, type Decision, type Policy, policy } from '@countersign/policy'
import { legacyTokens, type TokenPrincipal } from '@countersign/tokens'
import fastifyJwt from '@fastify/jwt'
import type { FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { AppError } from './errors.ts'

export interface TokenPayload {
  sub: string
  username: string
  roles: string[]
}

declare module '@fastify/jwt' {
  interface FastifyJWT {
    payload: TokenPayload
    user: TokenPayload & { iat: number; exp: number }
  }
}

declare module 'fastify' {
  interface FastifyInstance {
    signedIn: Policy<Decision<'bearer', TokenPrincipal>>
    requireRole(role: string): (request: FastifyRequest, reply: FastifyReply) => Promise<void>
  }
}

export default fp(
  async (app) => {
    if (!process.env.JWT_SECRET) {
      app.log.warn('JWT_SECRET is not set, using a random secret')
    }

    const secret = process.env.JWT_SECRET ?? randomBytes(32).toString('base64url')
    app.register(fastifyJwt, {
      secret,
      sign: { algorithm: 'HS256', expiresIn: process.env.JWT_EXPIRES_IN ?? '2h' },
      verify: { algorithms: ['HS256'] },
    })

    const tokens = legacyTokens({ secret, algorithms: ['HS256'], issuer: false, audience: false, type: false })
    app.decorate('signedIn', policy({ accept: bearer(tokens) }))

    app.decorate('requireRole', (role) => async (request) => {
      if (!request.user.roles.includes(role)) {
        throw new AppError(403, `Role ${role} required`)
      }
    })
  },
  { name: 'auth' },
)
