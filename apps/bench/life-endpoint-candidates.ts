// Who answers at a token endpoint, and what is asked of them.
import type { Algorithm, Jwk } from './settings.ts'

export const CLIENT = { id: 'machine', secret: 'a-secret-that-is-only-for-the-benchmark' } as const
export const ENDPOINT_ALGORITHMS = ['ES256', 'EdDSA', 'RS256'] as const satisfies readonly Algorithm[]
export const GRANTS = { client_credentials: 'client credentials', refresh_token: 'refresh, rotating' } as const
export type Grant = keyof typeof GRANTS

export interface EndpointSettings {
  readonly algorithm: (typeof ENDPOINT_ALGORITHMS)[number]
  readonly issuer: string
  readonly audience: string
  readonly signingJwk: Jwk
}
export interface TokenEndpoint {
  /** `POST /token` is below it. */
  readonly url: string
  /** A refresh token of a new session. */
  session(subject: string): Promise<string>
  close(): Promise<void>
}

export const ENDPOINTS = {
  ours: 'countersign, a Fastify route',
  oidc: 'oidc-provider',
} as const
export type EndpointName = keyof typeof ENDPOINTS

/** The bytes of a request. */
export function tokenRequest(grant: Grant, audience: string, refreshToken?: string): string {
  const body = new URLSearchParams({
    grant_type: grant,
    ...(refreshToken === undefined ? { resource: audience, scope: 'posts:read' } : { refresh_token: refreshToken }),
  }).toString()
  return (
    `POST /token HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Basic ${btoa(`${CLIENT.id}:${CLIENT.secret}`)}\r\n` +
    'Content-Type: application/x-www-form-urlencoded\r\nAccept: application/json\r\n' +
    `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
  )
}
