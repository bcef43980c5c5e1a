import { defineSchema } from '@countersign/schema'

export const Login = defineSchema({
  type: 'object',
  properties: { username: { type: 'string', maxLength: 200 }, password: { type: 'string', maxLength: 1024 } },
  required: ['username', 'password'],
  additionalProperties: false,
})

export const Refresh = defineSchema({
  type: 'object',
  properties: { refresh_token: { type: 'string', maxLength: 1024 } },
  required: ['refresh_token'],
  additionalProperties: false,
})

export const DataQuery = defineSchema({
  type: 'object',
  properties: { param: { type: 'string', maxLength: 1000 } },
  required: ['param'],
})

export const Data = defineSchema({ type: 'object', minProperties: 1 })

export const PostPage = defineSchema({
  type: 'object',
  properties: {
    limit: { type: 'integer', minimum: 1, maximum: 100 },
    cursor: { type: 'string', pattern: '^[0-9]{1,15}$' },
  },
})

export const NewPost = defineSchema({
  type: 'object',
  properties: {
    title: { type: 'string', minLength: 1, maxLength: 200 },
    body: { type: 'string', minLength: 1, maxLength: 20_000 },
    tags: { type: 'array', items: { type: 'string', minLength: 1, maxLength: 50 }, maxItems: 10 },
  },
  required: ['title', 'body'],
  additionalProperties: false,
})

export const NewKey = defineSchema({
  type: 'object',
  properties: {
    name: { type: 'string', minLength: 1, maxLength: 100 },
    scopes: {
      type: 'array',
      items: { type: 'string', pattern: '^[\\x21\\x23-\\x5b\\x5d-\\x7e]{1,100}$' },
      maxItems: 20,
      uniqueItems: true,
    },
    expires_in: { type: 'integer', minimum: 1, maximum: 315_360_000 },
  },
  required: ['name', 'scopes'],
  additionalProperties: false,
})
