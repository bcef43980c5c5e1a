/** The body of `POST /posts`, for every candidate that validates. */
export const POST_SCHEMA = {
  type: 'object',
  properties: {
    title: { type: 'string', minLength: 1, maxLength: 200 },
    body: { type: 'string', minLength: 1, maxLength: 20_000 },
    tags: { type: 'array', items: { type: 'string', maxLength: 50 }, maxItems: 10 },
  },
  required: ['title', 'body'],
  additionalProperties: false,
} as const

export const POST = JSON.stringify({
  title: 'What a route demands is a value',
  body: 'It says how a caller may prove who they are and what they must be allowed, once. '.repeat(6),
  tags: ['security', 'api', 'node'],
})
