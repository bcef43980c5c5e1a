import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { openSample, type Sample } from './sample.ts'
import { readSettings } from './settings.ts'

/** Opens the sample API, puts it on the server that `host` makes, and runs it until SIGTERM or SIGINT. */
export async function serve(
  host: (sample: Sample) => Server | Promise<Server>,
  greet?: (sample: Sample, url: string) => Promise<void>,
): Promise<void> {
  const settings = readSettings(process.env)
  const sample = await openSample(settings)
  const server = await host(sample)
  server.listen(settings.port, '127.0.0.1', () => {
    if (sample.demoKey) console.log(`demo api key: ${sample.demoKey}`)
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    console.log(`listening on ${url}`)
    greet?.(sample, url)
  })
  server.on('error', (error) => {
    console.error(`cannot listen on port ${settings.port}: ${error.message}`)
    process.exit(1)
  })
  const stop = () => {
    // What is under way ends first; sockets that wait for a next request are closed at once.
    server.close(() => sample.close().then(() => process.exit(0)))
    server.closeIdleConnections()
    setTimeout(() => process.exit(0), 9000).unref()
  }
  process.once('SIGTERM', stop).once('SIGINT', stop)
}
