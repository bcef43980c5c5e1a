// @fastify/jwt 10 with its cache on, README "verify": `cache`.
import { ENTRIES } from '../entries.ts'
import { serve } from './fastify-jwt.ts'
import type { Start } from './peer.ts'

export const start: Start = (settings) => serve(settings, { cache: ENTRIES })
