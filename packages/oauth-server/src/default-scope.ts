import type { Sent } from './koa-answer.ts'
import { IDENTITY, type Setup } from './options.ts'
import type { Place } from './paths.ts'

/** Where something is asked for in the name of a user. */
const ASKS: readonly string[] = ['/authorize', '/par', '/device/auth']

/**
 * Who names no scope asks for those that the client is known with, else for all of the resource (RFC 6749 section 3.3): MCP
 * clients often name none. The user sees them where they consent, and gives none that they have not.
 */
export async function withScope(setup: Setup, { path }: Place, sent: Sent): Promise<Sent> {
  if (!ASKS.includes(path)) return sent
  const [target = '', query = ''] = sent.target.split(/\?(.*)/s)
  const isQuery = sent.method === 'GET'
  const given = new URLSearchParams(isQuery ? query : Buffer.from(sent.body).toString())
  const [id, second] = given.getAll('client_id')
  if (id === undefined || second !== undefined || given.has('scope') || given.has('request_uri')) return sent
  const known = (await setup.clientOf(id))?.metadata.scope as string | undefined
  const own = known?.split(' ').filter((scope) => !IDENTITY.includes(scope)) ?? []
  const [first = ''] = setup.resources.keys()
  const scopes = own.length > 0 ? own : setup.resources.get(given.get('resource') ?? first)?.scopes
  if (!scopes) return sent
  given.set('scope', scopes.join(' '))
  return isQuery ? { ...sent, target: `${target}?${given}` } : { ...sent, body: Buffer.from(`${given}`) }
}
