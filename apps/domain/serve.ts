import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { type AddressInfo, Server as NetServer } from 'node:net'
import { answerClientError } from '@countersign/http'
import { openSample, type Sample } from './sample.ts'
import { readSettings, warningsOf } from './settings.ts'

/** The server for a host that hands its requests to a function. */
export function serverFor({ server, certificates }: Sample, listener: RequestListener): Server {
  return certificates ? createSecureServer(server, listener) : createServer(server, listener)
}

/** What was configured wrong is one line; anything else is a bug, with its stack. */
async function started(host: (sample: Sample) => Server | Promise<Server>) {
  try {
    const settings = readSettings(process.env)
    const sample = await openSample(settings)
    return { settings, sample, server: await host(sample) }
  } catch (error) {
    // Its text alone: node prints the members of an error too, and one of a URL holds what was given.
    const { message, stack } = error as Error
    console.error(error instanceof TypeError ? `cannot start: ${message}` : stack)
    process.exit(1)
  }
}

/** Opens the sample API, puts it on the server that `host` makes, and runs it until SIGTERM or SIGINT. */
export async function serve(
  host: (sample: Sample) => Server | Promise<Server>,
  greet?: (sample: Sample, url: string, demoKey: string) => Promise<void>,
): Promise<void> {
  const { settings, sample, server } = await started(host)
  for (const line of warningsOf(settings)) console.error(line)
  // A tunnel is nothing that an API has: refused in the shape of all that fails below the framework.
  server.on('connect', (_request, socket) => answerClientError(new Error('CONNECT'), socket))
  // An expectation that is not understood may be ignored (RFC 9110 section 10.1.1); a body that never ends may not.
  server.on('checkExpectation', (request, response) => server.emit('request', request, response))
  // A body is asked for when it is read, and so not before the policy passed.
  server.on('checkContinue', (request, response) => {
    request.on('newListener', (event) => event === 'data' && response.writeContinue())
    server.emit('request', request, response)
  })
  server.listen(settings.port, '127.0.0.1', async () => {
    // Not before the port is ours: a start that fails must not end the demo key of one that runs.
    const demoKey = settings.demo ? await sample.seed() : undefined
    if (demoKey) console.log(`demo api key: ${demoKey}`)
    for (const line of sample.certificates?.lines ?? []) console.log(line)
    const url = `http${sample.certificates ? 's' : ''}://127.0.0.1:${(server.address() as AddressInfo).port}`
    console.log(`listening on ${url}`)
    await greet?.(sample, url, demoKey ?? '')
  })
  server.on('error', (error) => {
    console.error(`cannot listen on port ${settings.port}: ${error.message}`)
    process.exit(1)
  })
  const stop = () => {
    // Who keeps a connection is told that it ends: a request sent on it as it is closed would be lost.
    server.prependListener('request', (_request, response) => void (response.shouldKeepAlive = false))
    // A connection that has just come has its request still on the way: a moment for that, then no more are taken, once
    // all that came were. The `close` of http would end those whose request is on the way; that of net lets them be.
    const close = () => NetServer.prototype.close.call(server, () => sample.close().then(() => process.exit(0)))
    setTimeout(() => setImmediate(close), 300)
    // What is under way ends first; a socket that waits for a next request is closed as soon as it waits.
    setTimeout(() => setInterval(() => server.closeIdleConnections(), 350).unref(), 300).unref()
    setTimeout(() => process.exit(0), 9000).unref()
  }
  process.once('SIGTERM', stop).once('SIGINT', stop)
}
