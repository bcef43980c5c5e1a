import { logger } from './logger.js'

export class HttpError extends Error {
  constructor(status, code, message, details) {
    super(message)
    this.name = 'HttpError'
    this.status = status
    this.code = code
    this.details = details
  }
}

export function notFound(req) {
  throw new HttpError(404, 'NOT_FOUND', `Cannot ${req.method} ${req.path}`)
}

function toHttpError(err) {
  if (err instanceof HttpError) return err

  if (err.status === 401) {
    return new HttpError(401, 'UNAUTHORIZED', err.message)
  }

  // body-parser
  if (err.type === 'entity.parse.failed') {
    return new HttpError(400, 'INVALID_JSON', 'Request body is not valid JSON')
  }
  if (err.type === 'entity.too.large') {
    return new HttpError(413, 'PAYLOAD_TOO_LARGE', 'Request body is too large')
  }

  // http-errors thrown by express itself (malformed URLs, unsupported charset, ...)
  if (err.status >= 400 && err.status < 500) {
    return new HttpError(err.status, 'BAD_REQUEST', err.message)
  }

  return new HttpError(500, 'INTERNAL_ERROR', 'Something went wrong')
}

// Express recognises error handlers by their four arguments
export function errorHandler(err, req, res, next) {
  if (res.headersSent) return next(err)

  const { status, code, message, details } = toHttpError(err)
  if (status >= 500) {
    logger.error(err.message, { requestId: req.id, stack: err.stack })
  }

  res.status(status).json({ error: { code, message, details, requestId: req.id } })
}
