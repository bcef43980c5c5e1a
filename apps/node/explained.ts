// The node host, with every request explained before it is judged, and every event printed: what E01 reads for secrets.
import { subscribe } from 'node:diagnostics_channel'
import { type Sample, serve } from '@sample/domain'
import { nodeHost } from './app.ts'

for (const type of [
  'authenticated',
  'unauthenticated',
  'forbidden',
  'limited',
  'unavailable',
  'login',
  'limit-unchecked',
  'revoked',
  'refresh-reuse',
  'upgrade-failed',
]) {
  subscribe(`countersign:${type}`, (event) => console.log(`event ${type} ${JSON.stringify(event)}`))
}

await serve((sample) => nodeHost({ ...sample, find: (request) => explained(sample.find(request)) }))

function explained(found: ReturnType<Sample['find']>): ReturnType<Sample['find']> {
  if ('status' in found) return found
  const { policy } = found.route
  const check: typeof policy.check = async (request) => {
    const explanation = await policy.explain(request)
    const verdict = await policy.check(request)
    const same =
      explanation.passed === (verdict?.status === undefined) &&
      explanation.status === verdict?.status &&
      `${explanation.challenges}` ===
        `${verdict?.status === undefined ? '' : (verdict.headers['www-authenticate'] ?? '')}`
    console.log(`${same ? 'explained' : 'MISMATCH'} ${JSON.stringify({ answered: verdict?.status, ...explanation })}`)
    return verdict
  }
  return { ...found, route: { ...found.route, policy: { ...policy, check } } }
}
