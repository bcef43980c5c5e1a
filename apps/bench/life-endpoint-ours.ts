// `POST /token` by hand on Fastify: a client's secret compared, then `localIssuer`. Does less than an authorization server.
import { timingSafeEqual } from 'node:crypto'
import { memoryStore } from '@countersign/store'
import { localIssuer } from '@countersign/tokens'
import Fastify from 'fastify'
import { CLIENT, type EndpointSettings, type TokenEndpoint } from './life-endpoint-candidates.ts'
import { listenFastify } from './peers/peer.ts'
import { SCOPE } from './settings.ts'

export const start = async (settings: EndpointSettings): Promise<TokenEndpoint> => {
  const { issuer, audience, signingJwk } = settings
  const common = { issuer, audience, keys: { keys: [signingJwk] }, lifetime: 300 }
  const machines = localIssuer({ ...common, store: memoryStore(), refresh: false })
  const users = localIssuer({ ...common, store: memoryStore({ limit: 1_000_000 }) })
  const right = Buffer.from(`Basic ${btoa(`${CLIENT.id}:${CLIENT.secret}`)}`)

  const app = Fastify()
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) =>
    done(null, Object.fromEntries(new URLSearchParams(body as string))),
  )
  app.post<{ Body: { grant_type?: string; refresh_token?: string } }>('/token', async ({ headers, body }, reply) => {
    const shown = Buffer.from(headers.authorization ?? '')
    if (shown.length !== right.length || !timingSafeEqual(shown, right))
      return reply.code(401).header('www-authenticate', 'Basic realm="token"').send({ error: 'invalid_client' })
    reply.header('cache-control', 'no-store')
    if (body.grant_type === 'client_credentials')
      return machines.issue({ subject: CLIENT.id, scopes: [SCOPE] }, { client: CLIENT.id })
    if (body.grant_type === 'refresh_token') return users.refresh(body.refresh_token ?? '', { client: CLIENT.id })
    return reply.code(400).send({ error: 'unsupported_grant_type' })
  })
  const { url, close } = await listenFastify(app)
  const session = async (subject: string) =>
    (await users.issue({ subject, scopes: [SCOPE] }, { client: CLIENT.id })).refresh_token as string
  return { url, close, session }
}
