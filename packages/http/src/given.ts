/** What a framework gives to what an adapter made. */
type Given = 'a request of Express' | 'a request of Fastify' | 'an app of Fastify'

function givenOf(value: unknown): Given | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  // A request of Express or node is a message; one of Fastify holds it.
  if ('rawHeaders' in value) return 'a request of Express'
  if ('raw' in value) return 'a request of Fastify'
  return 'addHook' in value ? 'an app of Fastify' : undefined
}

const RIGHT = {
  express: {
    protect: 'app.use(protect(policy)), or app.get(path, protect(policy), handler)',
    validate: 'app.post(path, validate({ body }), handler)',
    mount: 'app.use(mount(endpoints))',
  },
  fastify: {
    protect: "app.addHook('onRequest', protect(policy)), or { onRequest: protect(policy) } on a route",
    validate: '{ preValidation: validate({ body }) } on a route',
    mount: 'app.register(mount(endpoints))',
  },
} as const

/**
 * For adapters: throws a TypeError where what `maker` made stands in another framework, or in a place of its own where it does not
 * fit, and says what to write instead. Asked at each request: with a good credential it must not pass where one without would break.
 */
export function checkGiven(
  adapter: 'express' | 'fastify',
  maker: 'protect' | 'validate' | 'mount',
  given: unknown,
  done: unknown,
): void {
  const kind = givenOf(given)
  const isFastify = adapter === 'fastify'
  const wanted = !isFastify ? 'a request of Express' : maker === 'mount' ? 'an app of Fastify' : 'a request of Fastify'
  if (kind === wanted && typeof done === 'function') return
  const what = `${maker}() of @countersign/${adapter}`
  if (kind !== undefined && isFastify === (kind === 'a request of Express'))
    throw new TypeError(`${what} was given ${kind}: import it from '@countersign/${isFastify ? 'express' : 'fastify'}'`)
  throw new TypeError(`${what} does not fit here: write ${RIGHT[adapter][maker]}`)
}
