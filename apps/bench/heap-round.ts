// `node --expose-gc heap-round.ts VERIFIER`: bytes that a cached token costs, with 100,000 of them.
import { signer } from './settings.ts'
import { VERIFIERS, type VerifierName } from './verifiers.ts'

export const HELD: readonly VerifierName[] = [
  'countersign, its cache',
  'fast-jwt, its cache',
  'fast-jwt, its cache by the bare token',
  'floor with a map',
]
const TOKENS = 100_000

if (import.meta.main) {
  const gc = globalThis.gc as () => void
  const { settings, token } = signer('HS256')
  const make = VERIFIERS[process.argv[2] as VerifierName]
  const warm = await make(settings, 1000)
  for (let number = 0; number < 2000; number++) await warm(token(number))
  const verify = await make(settings, TOKENS)
  const before = held()
  for (let number = 0; number < TOKENS; number++)
    if (!(await verify(token(number)))) throw new Error('a good token was refused')
  const after = held()
  if (!(await verify(token(0)))) throw new Error('a good token was refused') // the verifier is still alive
  process.stdout.write(JSON.stringify((after - before) / TOKENS))

  function held(): number {
    gc()
    gc()
    const { heapUsed, external } = process.memoryUsage()
    return heapUsed + external
  }
}
