// Requests as bytes, because clients put headers in order.
import { connect } from 'node:net'

export interface Got {
  readonly status: number
  readonly head: string
  readonly body: string
  /** Everything that came, for connections on which more than one answer came. */
  readonly text: string
}

/** Sends bytes and reads until the other side ends, or 300 ms after the last byte. */
export function raw(port: number, bytes: string | Uint8Array): Promise<Got> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    let text = ''
    const over = () => {
      socket.destroy()
      const [head = '', ...body] = text.split('\r\n\r\n')
      resolve({ status: Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] ?? 0), head, body: body.join('\r\n\r\n'), text })
    }
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
      if (/^HTTP/.test(text)) socket.setTimeout(300)
    })
    socket.setTimeout(3000)
    socket
      .on('timeout', over)
      .on('end', over)
      .on('error', (error) => (text === '' ? reject(error) : over()))
    socket.write(bytes)
  })
}

/** A request line, headers each as written, and a body. */
export function request(line: string, headers: readonly string[] = [], body = ''): string {
  return `${line} HTTP/1.1\r\n${headers.map((one) => `${one}\r\n`).join('')}\r\n${body}`
}
