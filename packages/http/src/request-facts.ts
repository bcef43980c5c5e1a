import { headerLines, type Message, messageOf, pathOf, type RequestView } from './request.ts'

/** What may be told of a request: for events and logs. Named fields alone, bounded, nothing that a log could trip over. */
export interface RequestFacts {
  readonly method?: string
  /** Without its query, which may hold secrets; at most 200 characters, percent-encoded where a line could break. */
  readonly path: string
  /** The framework's opinion; where it has none, the other end of the socket. */
  readonly ip?: string
  /** What the framework calls the request: its `id`. */
  readonly requestId?: string
  /** What the client calls it (`X-Request-Id`), where that is another: to search by, and nothing to believe. */
  readonly clientRequestId?: string
  /** The trace that the client says it is part of. */
  readonly trace?: TraceContext
}

/** W3C Trace Context: whose trace, and which span of it sent the request. */
export interface TraceContext {
  /** 32 hexadecimal digits. */
  readonly traceId: string
  /** 16 hexadecimal digits. */
  readonly spanId: string
}

/** Method, path, address, ids and trace of a request; no header besides, no query, no body. */
export function requestFacts(request: RequestView): RequestFacts {
  const message = messageOf(request)
  const facts: { -readonly [K in keyof RequestFacts]: RequestFacts[K] } = { path: printable(pathOf(request)) }
  if (message.method !== undefined) facts.method = message.method
  const ip = request.ip ?? (message.socket as { readonly remoteAddress?: unknown }).remoteAddress
  if (typeof ip === 'string') facts.ip = ip
  const requestId = idOf((request as { readonly id?: unknown }).id)
  if (requestId !== undefined) facts.requestId = requestId
  const clientRequestId = idOf(headerLines(message, 'x-request-id')[0])
  if (clientRequestId !== undefined && clientRequestId !== requestId) facts.clientRequestId = clientRequestId
  const trace = traceOf(message)
  if (trace) facts.trace = trace
  return facts
}

/** An id as people make them: short, and nothing in it that a log could trip over. Others are left out, never cut. */
function idOf(value: unknown): string | undefined {
  const id = typeof value === 'number' ? `${value}` : value
  return typeof id === 'string' && /^[\w.:@+/=-]{1,64}$/.test(id) ? id : undefined
}

/** W3C Trace Context level 1, section 3.2: version, trace id, parent id, flags. A later version may go on after these. */
const TRACEPARENT = /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}(-.*)?$/

/** What `traceparent` says; nothing where there are several or it is not of its grammar (section 4.3: start anew). */
function traceOf(message: Message): TraceContext | undefined {
  const [value, ...more] = headerLines(message, 'traceparent')
  if (value === undefined || more.length > 0) return undefined
  const [, version, traceId, spanId, rest] = TRACEPARENT.exec(value) ?? []
  if (traceId === undefined || spanId === undefined) return undefined
  return version === '00' && rest !== undefined ? undefined : { traceId, spanId }
}

/** A path as it may be shown: what could forge a log line is escaped, and no more than 200 characters. */
function printable(path: string): string {
  return path
    .slice(0, 200)
    .toWellFormed()
    .replace(/[^\x21-\x7e]/gu, (character) => encodeURIComponent(character))
}
