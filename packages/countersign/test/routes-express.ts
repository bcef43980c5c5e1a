import { protect } from '@countersign/express'
import { anyone, bearer, policy } from '@countersign/policy'
import express from 'express'

const readers = policy({ name: 'readers', accept: bearer(() => ({ subject: 'x' })), scopes: ['posts:read'] })
const answer = (_request: unknown, response: express.Response) => void response.end()

export const app = express()
app.get('/health', protect(anyone), answer)
app.get('/posts', protect(readers), answer)

/** Half done. */
export const draft = express()
draft.get('/posts', answer)
export const notAnApp = 1
