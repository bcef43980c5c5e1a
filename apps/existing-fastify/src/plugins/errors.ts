import type { FastifyError } from 'fastify'
import fp from 'fastify-plugin'

const CODES: Record<number, string> = {
  400: 'BAD_REQUEST',
  401: 'UNAUTHENTICATED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  413: 'PAYLOAD_TOO_LARGE',
  415: 'UNSUPPORTED_MEDIA_TYPE',
}

export class AppError extends Error {
  readonly statusCode: number

  constructor(statusCode: number, message: string) {
    super(message)
    this.statusCode = statusCode
  }
}

export default fp(
  async (app) => {
    app.setErrorHandler<FastifyError>((error, request, reply) => {
      const status = error.statusCode ?? 500

      if (error.validation) {
        return reply.code(400).send({
          status: 400,
          code: 'VALIDATION_FAILED',
          message: `Invalid ${error.validationContext ?? 'request'}`,
          requestId: request.id,
          details: error.validation.map((issue) => ({
            path: issue.instancePath,
            message: issue.message ?? 'is invalid',
          })),
        })
      }

      if (status >= 500) {
        request.log.error(error)
        return reply.code(status).send({
          status,
          code: 'INTERNAL',
          message: 'Internal server error',
          requestId: request.id,
        })
      }

      request.log.info({ err: error }, 'request rejected')
      return reply.code(status).send({
        status,
        code: CODES[status] ?? 'ERROR',
        message: error.message,
        requestId: request.id,
      })
    })

    app.setNotFoundHandler((request, reply) => {
      reply.code(404).send({
        status: 404,
        code: 'NOT_FOUND',
        message: `Route ${request.method}:${request.url} not found`,
        requestId: request.id,
      })
    })
  },
  { name: 'errors' },
)
