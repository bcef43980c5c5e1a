import { Readable } from 'node:stream'
import { type AuthError, headerLines, type Message, Refused } from '@countersign/http'

/** Judges a body piece by piece. */
export interface BodyCheck {
  update(chunk: Uint8Array): void
  /** Whether what came is right. Asked once, at the end. */
  isRight(): boolean
}

/** Whether the head says that a body follows (RFC 9112 section 6.3). */
export function hasBody(message: Message): boolean {
  const lengths = headerLines(message, 'content-length')
  return headerLines(message, 'transfer-encoding').length > 0 || lengths.some((length) => length.trim() !== '0')
}

/** A body of no bytes. */
export function noBody(): BodyCheck {
  let size = 0
  return {
    update: (chunk) => (size += chunk.length),
    isRight: () => size === 0,
  }
}

/** The message as the stream it is, whole. Throws for one whose body somebody took: what is left must not pass for the whole. */
export function unreadBody(maker: string, message: Message): Readable | undefined {
  if (!(message instanceof Readable)) {
    if (!hasBody(message)) return undefined
    throw new TypeError(`${maker} needs node's own request, to see its body`)
  }
  if (message.readableDidRead && hasBody(message))
    throw new Error(
      `${maker} came too late to see the body: put protect() with this policy before what reads it, such as express.json()`,
    )
  return message
}

/**
 * Looks at the bytes of a message as they go to whoever reads it, and buffers none. Where they were not right, the reader gets a
 * `Refused` in place of the end, whichever way it reads: a parser, a pipe, an iterator. Nothing before the end is proven.
 */
export function guardBody(message: Readable, check: BodyCheck, wrong: AuthError): void {
  const { emit } = message
  const breakPipes = followPipes(message)
  const guarded: typeof emit = (event: string | symbol, ...values: unknown[]) => {
    if (event === 'data') check.update(bytesOf(values[0], message.readableEncoding))
    if (event === 'end' && !check.isRight()) {
      const refused = new Refused(wrong)
      breakPipes(refused)
      // All of the message came, so node leaves the connection alone, and the refusal can be sent.
      message.destroy(refused)
      if (message.errored !== refused) process.nextTick(tell, message, refused)
      return false
    }
    return emit.call(message, event, ...values)
  }
  message.emit = guarded
}

/** Requests that are injected, without a socket, cannot be destroyed once they are whole. */
function tell(message: Readable, refused: Refused): void {
  if (message.listenerCount('error') > 0) message.emit('error', refused)
}

/** A pipe that has no end is waited for by whoever reads behind it, such as what unpacks a body: it must break. */
function followPipes(message: Readable): (refused: Refused) => void {
  const { pipe } = message
  const fed = new Set<NodeJS.WritableStream>()
  const followed: typeof pipe = (destination, options) => {
    fed.add(destination)
    destination.on('unpipe', (from: unknown) => from === message && fed.delete(destination))
    return pipe.call(message, destination, options) as typeof destination
  }
  message.pipe = followed
  return (refused) => {
    for (const destination of [...fed]) {
      if (!('destroy' in destination) || typeof destination.destroy !== 'function') continue
      // One listener is the pipe's own: an error that nobody else hears would end the process.
      destination.destroy(destination.listenerCount('error') > 1 ? refused : undefined)
    }
  }
}

/** What was read as text stands for these bytes; where it was not text in that encoding, for others, and they are refused. */
function bytesOf(chunk: unknown, encoding: BufferEncoding | null): Uint8Array {
  return typeof chunk === 'string' ? Buffer.from(chunk, encoding ?? 'utf8') : (chunk as Uint8Array)
}
