// express-openapi-validator 5, README "Usage": the document in place of a file name. Validates `POST /posts`.
import express from 'express'
import { middleware } from 'express-openapi-validator'
import { POST_SCHEMA } from '../post.ts'
import { listen, refuse, type Start } from './peer.ts'

export const start: Start = () => {
  const app = express()
  app.use(express.json())
  app.use(middleware({ apiSpec: document as never, validateRequests: true, validateResponses: false }))
  app.post('/posts', (request, response) => {
    response.json({ title: request.body.title })
  })
  app.use(refuse)
  return listen(app)
}

const document = {
  openapi: '3.0.3',
  info: { title: 'posts', version: '1' },
  paths: {
    '/posts': {
      post: {
        requestBody: { required: true, content: { 'application/json': { schema: POST_SCHEMA } } },
        responses: { 200: { description: 'what was posted' } },
      },
    },
  },
}
