import { createApp } from './app.js'
import { logger } from './logger.js'

const port = Number(process.env.PORT ?? 3000)
const host = process.env.HOST ?? '127.0.0.1'

const server = createApp().listen(port, host, (err) => {
  // Express 5 passes listen errors (EADDRINUSE, ...) to the callback
  if (err) {
    logger.error(err.message)
    process.exit(1)
  }
  logger.info(`Orders API listening on http://${host}:${server.address().port}`)
})

for (const signal of ['SIGTERM', 'SIGINT']) {
  process.on(signal, () => {
    logger.info(`${signal} received, shutting down`)
    server.close(() => process.exit(0))
  })
}
