// passport-jwt 4, README "Configure Strategy" and "Authenticate requests". It hands its key to
// jsonwebtoken as it is, so a prepared one, as that takes.
import { createPublicKey } from 'node:crypto'
import express from 'express'
import passport from 'passport'
import { ExtractJwt, Strategy, type StrategyOptionsWithoutRequest } from 'passport-jwt'
import { listen, POSTS, refuse, type Start } from './peer.ts'

export const start: Start = ({ algorithm, issuer, audience, secret, publicKey }) => {
  const options: StrategyOptionsWithoutRequest = {
    jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
    secretOrKey: (secret ?? createPublicKey(publicKey as string)) as string,
    issuer,
    audience,
    algorithms: [algorithm] as StrategyOptionsWithoutRequest['algorithms'] & {},
  }
  const authenticator = new passport.Passport()
  authenticator.use(new Strategy(options, (payload, done) => void done(null, { id: payload.sub })))
  const app = express()
  app.get('/posts', authenticator.authenticate('jwt', { session: false }), (_request, response) => {
    response.json(POSTS)
  })
  app.use(refuse)
  return listen(app)
}
