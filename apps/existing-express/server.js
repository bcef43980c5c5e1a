'use strict'

const { createApp } = require('./app')
const logger = require('./logger')

const port = Number(process.env.PORT ?? 3000)
const host = process.env.HOST || '127.0.0.1'

const server = createApp().listen(port, host, () => {
  logger.info(`Orders API listening on http://${host}:${server.address().port}`)
})

function shutdown(signal) {
  logger.info(`${signal} received, shutting down`)
  server.close(() => process.exit(0))
}

process.on('SIGTERM', () => shutdown('SIGTERM'))
process.on('SIGINT', () => shutdown('SIGINT'))
