import { type ListeningIssuer, testIssuer } from '@countersign/testing'
import { type Case, flaskClaims, type Tokens } from './cases.ts'
import { mint, now } from './minting.ts'
import { flask, type Running, say, start } from './running.ts'

export interface Answers {
  /** `undefined`: the old server cannot be run here. */
  readonly before: string | undefined
  readonly after: string
}

export interface Both {
  answers(asked: Case): Promise<Answers>
  stop(): Promise<void>
}

const AUDIENCE = 'https://api.acme.com'
const login = {
  method: 'POST',
  path: '/login',
  headers: [['content-type', 'application/json']],
  body: JSON.stringify({ username: 'test', password: 'test' }),
} as const

/** The old server and the new one, each in a process, and both once more with a key server that does not answer. */
export async function startBoth(library: string): Promise<Both> {
  const old = library === 'flask-jwt-extended' ? (flask ? `${library}.before.py` : undefined) : `${library}.before.ts`
  const living = await testIssuer({ audience: AUDIENCE, algorithm: 'RS256' }).listen()
  const dead = await testIssuer({ audience: AUDIENCE, algorithm: 'RS256' }).listen()
  await dead.close()
  const started: Running[] = []
  const stop = async () => {
    for (const server of started) server.stop()
    await living.close()
  }
  const run = async (file: string, url: string) => {
    const server = await start(file, { ISSUER: url })
    started.push(server)
    return server
  }
  const pair = async ({ url }: ListeningIssuer) => ({
    before: old === undefined ? undefined : await run(old, url),
    after: await run(`${library}.after.ts`, url),
  })
  const begin = async () => {
    const up = await pair(living)
    const down = library === 'flask-jwt-extended' ? up : await pair(dead)
    return { up, down, issued: await tokensOf(up.before) }
  }
  const { up, down, issued } = await begin().catch(async (error: unknown) => {
    await stop() // nothing is left running
    throw error
  })
  return {
    async answers(asked) {
      const { before, after } = asked.outage ? down : up
      const issuer = asked.outage ? dead : living
      const request = await asked.request({
        ...issued,
        provider: (claims = {}, header = {}) => issuer.token({ claims, header }),
      })
      return {
        before: before && say(await before.send(request), asked.header),
        after: say(await after.send(request), asked.header),
      }
    },
    stop,
  }
}

/** What the old server's own login signs; where there is no Flask, tokens of the same form. */
async function tokensOf(before: Running | undefined): Promise<Omit<Tokens, 'provider'>> {
  if (before === undefined)
    return {
      login: mint(flaskClaims({ fresh: true, plan: 'pro' })),
      refresh: mint(flaskClaims({ type: 'refresh', exp: now() + 2_592_000 })),
    }
  const answer = await before.send(login)
  if (answer.status !== 200) return { login: '', refresh: '' } // tokens come from elsewhere
  const { token, access_token, refresh_token = '' } = JSON.parse(answer.body.toString())
  return { login: token ?? access_token, refresh: refresh_token }
}
