// The same with a secret that gateway and services share.
import { serve } from './gateway-ed25519.ts'
import type { Start } from './peer.ts'

export const start: Start = (settings) =>
  serve(settings, { key: { kty: 'oct', alg: 'HS256', kid: 'shared', k: settings.signing?.secret as string } })
