import { type Answer, json } from '@countersign/http'
import type { Setup } from './options.ts'

/** Members of oidc-provider's document that say nothing here, or are there by default. */
const LEFT_OUT = ['claim_types_supported']

/** What a browser is told that asks before it asks: clients of MCP send a field of their own. */
export const PREFLIGHT = {
  allow: 'GET, HEAD, OPTIONS',
  'access-control-allow-origin': '*',
  'access-control-allow-methods': 'GET',
  'access-control-allow-headers': '*',
  'access-control-max-age': '3600',
}

/** The metadata of the server (RFC 8414, OpenID Connect Discovery 1.0): what oidc-provider says, and is true here. */
export function metadataOf(setup: Setup, told: Answer): Answer {
  const all = JSON.parse(Buffer.from(told.body).toString()) as Record<string, unknown>
  const kept = Object.entries(all).filter(([name]) => !LEFT_OUT.includes(name))
  return json(200, Object.fromEntries(kept), {
    'cache-control': 'public, max-age=300',
    'access-control-allow-origin': '*',
    ...(setup.origin.protocol === 'https:' && { 'x-content-type-options': 'nosniff' }),
  })
}

/** Where the metadata of an issuer is looked for. */
export function metadataPaths({ origin }: Setup): readonly string[] {
  const path = origin.pathname.replace(/\/$/, '')
  return [`${path}/.well-known/openid-configuration`, `/.well-known/oauth-authorization-server${path}`]
}
