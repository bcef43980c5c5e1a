import type { IncomingMessage } from 'node:http'
import { Transform } from 'node:stream'
import { authError, Refused } from '@countersign/http'

const TOO_LARGE = authError('content_too_large', 'body.length')

/** Lets a body by, piece by piece, up to `limit` bytes; one that says it is longer is refused before any of it is read. */
export function limitBody<S extends NodeJS.ReadableStream>(
  message: IncomingMessage,
  payload: S,
  limit: number,
  done: (error?: Error | null, payload?: Transform) => void,
): void {
  if (Number(message.headers['content-length'] ?? 0) > limit) return void done(new Refused(TOO_LARGE))
  let size = 0
  const counted = new Transform({
    transform(chunk: Uint8Array, _encoding, next) {
      size += chunk.length
      if (size > limit) next(new Refused(TOO_LARGE))
      else next(null, chunk)
    },
  })
  // A body that breaks off must not pass for a whole one.
  payload.on('error', (error) => counted.destroy(error))
  // What nobody wants any more is thrown away: left unread, it would hold up the next request of the connection.
  counted.on('close', () => payload.resume())
  done(null, payload.pipe(counted))
}
