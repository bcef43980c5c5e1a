// express-jwt 8 with a prepared KeyObject. The README shows text only; jsonwebtoken's README, "jwt.verify", takes one.
import { createPublicKey, createSecretKey } from 'node:crypto'
import { serve } from './express-jwt.ts'
import type { Start } from './peer.ts'

export const start: Start = (settings) =>
  serve(
    settings,
    settings.secret ? createSecretKey(Buffer.from(settings.secret)) : createPublicKey(settings.publicKey as string),
  )
