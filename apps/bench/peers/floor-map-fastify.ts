// The floor behind a map from the SHA-256 of the token.
import { floorWithMap } from '../floor.ts'
import { serve } from './floor-fastify.ts'
import type { Start } from './peer.ts'

export const start: Start = (settings) => serve(floorWithMap(settings))
