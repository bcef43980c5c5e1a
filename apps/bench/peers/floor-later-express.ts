// The floor, going on from `setImmediate` as express-jwt does: what several connections sent at once is judged first, and answered
// in one go then, which saves the load's core from being woken for each answer.
import { floor } from '../floor.ts'
import { serve } from './floor-express.ts'
import type { Start } from './peer.ts'

export const start: Start = (settings) => serve(floor(settings), setImmediate)
