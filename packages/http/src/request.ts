/** A value now, or a promise of it. A cache hit stays synchronous: nothing wraps it in a promise. */
export type Maybe<T> = T | Promise<T>

/** node's `IncomingMessage`, by shape. `rawHeaders` is the one source for credentials: it alone shows duplicates. */
export interface Message {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly rawHeaders: readonly string[]
  readonly method?: string | undefined
  readonly url?: string | undefined
  /** Express sets it; it survives mounting. */
  readonly originalUrl?: string
  readonly socket: object
}

/** The framework's own, proxy-aware opinion, under the same names in Express and Fastify; absent on `node:http`. */
interface Peer {
  readonly ip?: string | undefined
  readonly protocol?: string
  readonly host?: string
}

/** An Express or node request *is* a message; a Fastify request *holds* one in `raw`. Nobody builds or converts one. */
export type RequestView = Peer & (Message | { readonly raw: Message })

/** The message behind a request: the identity that decisions hang on, the same for every wrapper around it. */
export function messageOf(request: RequestView): Message {
  return 'rawHeaders' in request ? request : request.raw
}

/** The request target as the client sent it, before any router cut a prefix off. */
export function targetOf(request: RequestView): string {
  const message = messageOf(request)
  return message.originalUrl ?? message.url ?? '/'
}

const ORIGIN = /^[a-z][a-z0-9+.-]*:\/\/[^/?]*/i

/** The path of the target: no query, nothing decoded; of an absolute target (RFC 9112 section 3.2.2) no host and no user. */
export function pathOf(request: RequestView): string {
  const target = targetOf(request).replace(ORIGIN, '')
  const end = target.indexOf('?')
  return end === -1 ? target : target.slice(0, end)
}

/**
 * Every value of a header, in the order it arrived, one entry a line. `name` must be lower case.
 * Unlike `headers`, nothing is dropped and nothing is joined.
 */
export function headerLines(message: Message, name: string): readonly string[] {
  const raw = message.rawHeaders
  let found: string[] | undefined
  for (let i = 0; i < raw.length; i += 2) {
    const field = raw[i] as string
    if (field.length === name.length && (field === name || field.toLowerCase() === name)) {
      ;(found ??= []).push(raw[i + 1] as string)
    }
  }
  return found ?? NONE
}

const NONE: readonly string[] = Object.freeze([])
