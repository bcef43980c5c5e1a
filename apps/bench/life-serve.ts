// A token endpoint as a process: `node life-serve.ts ours`, its settings as JSON in SETTINGS. Over IPC it tells its URL,
// begins sessions, and says what CPU it has used.
import { ENDPOINTS, type EndpointName, type TokenEndpoint } from './life-endpoint-candidates.ts'

export type EndpointOrder = { readonly kind: 'cpu' } | { readonly kind: 'sessions'; readonly count: number }
export interface SessionsAnswer {
  readonly tokens: readonly string[]
}

const name = process.argv[2] as EndpointName
if (!Object.hasOwn(ENDPOINTS, name)) {
  console.error(`usage: node life-serve.ts ${Object.keys(ENDPOINTS).join(' | ')}`)
  process.exit(2)
}
const { start } = (await import(`./life-endpoint-${name}.ts`)) as { start(settings: unknown): Promise<TokenEndpoint> }
const { url, session } = await start(JSON.parse(process.env.SETTINGS ?? '{}'))
process.on('disconnect', () => process.exit())
process.on('message', async (order: EndpointOrder) => {
  if (order.kind === 'cpu') {
    const { user, system } = process.cpuUsage()
    return process.send?.({ cpu: user + system })
  }
  const tokens: string[] = []
  for (let number = 0; number < order.count; number++) tokens.push(await session(`user-${number}`))
  process.send?.({ tokens } satisfies SessionsAnswer)
})
console.log(`listening on ${url}`)
process.send?.({ url })
