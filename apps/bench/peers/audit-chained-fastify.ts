// The same with a chain: each line has an HMAC over the line before.
import { serve } from './audit-fastify.ts'
import type { Start } from './peer.ts'

export const start: Start = (settings) => serve(settings, true)
