import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Express, NextFunction, Request, Response } from 'express'
import type { FastifyInstance } from 'fastify'
import type { Settings } from '../settings.ts'

/** A server that listens on the loopback. Each protects `GET /posts`, unless its file says otherwise. */
export interface Running {
  readonly url: string
  /** A key that the server made for its `GET /keys`. */
  readonly apiKey?: string
  /** Waits until what it does after it has answered is done. Rejects where something was left out. */
  settle?(): Promise<void>
  close(): Promise<void>
}
export type Start = (settings: Settings) => Promise<Running>

/** What every handler answers. */
export const POSTS = { posts: [] } as const

/** What is wrong with a credential, as the READMEs answer it: status, challenge, a short body. Without a log line. */
export function refuse(
  error: { status?: number; statusCode?: number; headers?: Record<string, string>; message?: string },
  _request: Request,
  response: Response,
  _next: NextFunction,
): void {
  response
    .status(error.status ?? error.statusCode ?? 500)
    .set(error.headers ?? {})
    .json({ error: error.message })
}

export async function listen(app: Express, more: { apiKey?: string } = {}): Promise<Running> {
  const server = await new Promise<Server>((resolve, reject) => {
    const started: Server = app.listen(0, '127.0.0.1', (error?: Error) => (error ? reject(error) : resolve(started)))
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ...more,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

export async function listenFastify(app: FastifyInstance, more: { apiKey?: string } = {}): Promise<Running> {
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  return { url, ...more, close: () => app.close() }
}

/** A server whose route `/spent` has let through what it will: a request has been made of it. */
export async function spent(running: Running): Promise<Running> {
  const response = await fetch(`${running.url}/spent`)
  if (response.status !== 200) throw new Error(`the first request to /spent was answered ${response.status}`)
  await response.arrayBuffer()
  return running
}

/** The token of `Authorization: Bearer …`, as anybody takes it off. */
export function bearerToken(header: string | undefined): string | undefined {
  return header?.startsWith('Bearer ') ? header.slice(7) : undefined
}
