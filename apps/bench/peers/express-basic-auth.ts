// express-basic-auth 1, README "Static Users" and "Challenge".
import express from 'express'
import basicAuth from 'express-basic-auth'
import { USER } from '../settings.ts'
import { listen, POSTS, type Start } from './peer.ts'

export const start: Start = () => {
  const app = express()
  app.use(basicAuth({ users: { [USER.username]: USER.password }, challenge: true }))
  app.get('/posts', (_request, response) => {
    response.json(POSTS)
  })
  return listen(app)
}
