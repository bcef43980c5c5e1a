// An authorization server by itself, on Fastify, with everything switched on: test ground for what the sample hosts leave off.
//   node apps/auth-server/main.ts
import { createServer } from 'node:net'
import { mount, problems } from '@countersign/fastify'
import { authError, Refused } from '@countersign/http'
import { oauthServer } from '@countersign/oauth-server'
import { memoryStore } from '@countersign/store'
import { localIssuer } from '@countersign/tokens'
import Fastify from 'fastify'

const port = Number(process.env.PORT) || (await freePort())
const issuer = `http://127.0.0.1:${port}`
const store = memoryStore()
const PEOPLE = { ada: 'correct horse battery', grace: 'another good password' }
const own = localIssuer({
  issuer,
  audience: 'https://api.example',
  store,
  lifetime: Number(process.env.ACCESS_TTL ?? 300),
})
const server = oauthServer({
  issuer: own,
  store,
  name: 'Example',
  users: {
    async require({ username, password }) {
      if (PEOPLE[username as keyof typeof PEOPLE] !== password)
        throw new Refused(authError('invalid_credentials', 'login.wrong'))
      return { subject: username }
    },
  },
  account: (subject) =>
    Object.hasOwn(PEOPLE, subject) ? { scopes: ['read', 'write'], claims: { preferred_username: subject } } : undefined,
  resources: { 'https://api.example': { scopes: ['read', 'write'] } },
  clients: [
    { id: 'tv', name: 'Television', grants: ['device_code', 'refresh_token'] },
    {
      id: 'shop',
      name: 'Shop',
      redirectUris: ['http://127.0.0.1/callback'],
      postLogoutRedirectUris: ['http://127.0.0.1/bye', ...(process.env.BYE ? [process.env.BYE] : [])],
      ...(process.env.BACKCHANNEL && { backchannelLogoutUri: process.env.BACKCHANNEL }),
    },
  ],
  deviceCodes: true,
  backchannelLogout: true,
  clientDocuments: true,
  registration: true,
  // The platform’s, told that it may go to this machine, which the default refuses.
  fetch,
})
const app = Fastify()
app.register(problems)
app.register(mount([...own.endpoints, ...server.endpoints]))
await app.listen({ port, host: '127.0.0.1' })
console.log(`listening on ${issuer}`)
process.once('SIGTERM', () => app.close().then(() => process.exit(0)))

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number }
      probe.close(() => resolve(port))
    })
  })
}
