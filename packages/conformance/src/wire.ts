import { connect } from 'node:net'

/** A request as it goes on the wire. Header values are written as Latin-1, so that any byte can be sent. */
export interface WireRequest {
  readonly method?: string
  readonly path: string
  /** In order, repeated names and all. Host, Connection and Content-Length are added unless given. */
  readonly headers?: readonly (readonly [name: string, value: string])[]
  readonly body?: string | Uint8Array
  /** `false`: no Host is added. */
  readonly host?: false
}

export interface WireResponse {
  readonly status: number
  /** Names in lower case, in the order they came. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: Buffer
  /** Whether 100 Continue came before it. */
  readonly continued: boolean
}

/** Sends one request over a socket of its own and reads the whole answer. Gives up after 10 s. */
export function exchange(port: number, request: WireRequest): Promise<WireResponse> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1' })
    const chunks: Buffer[] = []
    socket.setTimeout(10_000, () => socket.destroy(new Error('no answer within 10 s')))
    socket.on('data', (chunk) => chunks.push(chunk))
    // A server that answers early may reset what is still being sent: what it said is what counts.
    socket.on('error', (error) => (chunks.length > 0 ? undefined : reject(error)))
    socket.on('close', () => {
      try {
        resolve(parse(Buffer.concat(chunks), request.method ?? 'GET'))
      } catch (error) {
        reject(error)
      }
    })
    socket.write(bytesOf(request))
  })
}

function bytesOf({ method = 'GET', path, headers = [], body, host }: WireRequest): Buffer {
  const names = new Set(headers.map(([name]) => name.toLowerCase()))
  const payload = body === undefined ? undefined : Buffer.from(body as string)
  const all = [
    ...(names.has('host') || host === false ? [] : [['Host', 'sample.test']]),
    ...(names.has('connection') ? [] : [['Connection', 'close']]),
    ...headers,
    ...(payload && !names.has('content-length') && !names.has('transfer-encoding')
      ? [['Content-Length', `${payload.length}`]]
      : []),
  ]
  const head = `${method} ${path} HTTP/1.1\r\n${all.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`
  return Buffer.concat([Buffer.from(head, 'latin1'), payload ?? Buffer.alloc(0)])
}

function parse(all: Buffer, method: string): WireResponse {
  const continued = all.subarray(0, 12).toString('latin1') === 'HTTP/1.1 100'
  const bytes = continued ? all.subarray(all.indexOf('\r\n\r\n') + 4) : all
  const end = bytes.indexOf('\r\n\r\n')
  if (end === -1) throw new Error(`the server closed without a whole answer (${bytes.length} bytes)`)
  const [statusLine = '', ...lines] = bytes.subarray(0, end).toString('latin1').split('\r\n')
  const headers = lines.map((line) => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const
  })
  const status = Number(statusLine.split(' ')[1])
  const body = bytes.subarray(end + 4)
  const length = headers.find(([name]) => name === 'content-length')?.[1]
  if (method !== 'HEAD' && length !== undefined && Number(length) !== body.length) {
    throw new Error(`content-length says ${length}, ${body.length} bytes came`)
  }
  return { status, headers, body, continued }
}

/** Every line of a header, in order. */
export function linesOf(response: WireResponse, name: string): readonly string[] {
  return response.headers.filter(([field]) => field === name).map(([, value]) => value)
}
