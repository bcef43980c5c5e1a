import { buildApp } from './app.ts'

const app = await buildApp({ logger: { level: process.env.LOG_LEVEL ?? 'info' } })

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, async () => {
    app.log.info({ signal }, 'closing')
    await app.close()
    process.exit(0)
  })
}

try {
  await app.listen({ port: Number(process.env.PORT ?? 3000), host: process.env.HOST ?? '127.0.0.1' })
} catch (err) {
  app.log.error(err)
  process.exit(1)
}
