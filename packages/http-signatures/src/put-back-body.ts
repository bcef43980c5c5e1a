import type { Readable } from 'node:stream'
import { type AuthError, authError } from '@countersign/http'

const TOO_LARGE = authError('content_too_large', 'body.length')
const BROKEN = authError('invalid_request', 'body.broken', { detail: 'The body broke off.' })

/**
 * Reads a body of at most `limit` bytes that nobody has read yet, and puts it back: whoever reads the message next, in whichever way, gets
 * it as if it had just come. 413 for a longer one; 400 for one that breaks off, or that has no byte although the head said otherwise.
 */
export function readAndPutBack(message: Readable, limit: number): Promise<Uint8Array | AuthError> {
  return new Promise((resolve) => {
    if (message.destroyed) return resolve(BROKEN)
    const { emit, push } = message
    const chunks: Uint8Array[] = []
    let size = 0
    let isWhole = 'complete' in message && message.complete === true
    let isOurs = true

    // While it is ours nobody else hears of it; afterwards it is unread until somebody reads.
    let isRead = false
    const heard: typeof emit = (event: string | symbol, ...values: unknown[]) => {
      if (event === 'data' && isOurs) return false
      if (event === 'data') isRead = true
      return emit.call(message, event, ...values)
    }
    const pushed: typeof push = (chunk, encoding) => {
      if (chunk === null) isWhole = true
      return push.call(message, chunk, encoding)
    }
    message.emit = heard
    message.push = pushed
    Object.defineProperty(message, 'readableDidRead', { configurable: true, get: () => isRead })

    const settle = (result: Uint8Array | AuthError) => {
      isOurs = false
      message.push = push
      message.off('readable', onReadable).off('error', onBroken).off('close', onBroken)
      resolve(result)
    }
    const onBroken = () => settle(BROKEN)
    const onReadable = () => {
      for (let chunk = message.read(); chunk !== null; chunk = message.read()) {
        size += chunk.length
        if (size > limit) {
          settle(TOO_LARGE)
          message.resume() // what still comes is thrown away, not kept
          return
        }
        chunks.push(chunk)
      }
      if (!isWhole || size === 0) return
      const body = Buffer.concat(chunks, size)
      message.unshift(body) // before the end is told: that waits for a turn, and looks again
      settle(body)
    }
    message.on('readable', onReadable).on('error', onBroken).on('close', onBroken)
  })
}
