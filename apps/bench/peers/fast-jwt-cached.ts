// fast-jwt 6 with its cache on, README "createVerifier": `cache`.
import { ENTRIES } from '../entries.ts'
import { serve } from './fast-jwt.ts'
import type { Start } from './peer.ts'

export const start: Start = (settings) => serve(settings, { cache: ENTRIES })
