import { fileURLToPath } from 'node:url'

/** Every host of the sample API, and the file that starts it. */
export const HOSTS: Readonly<Record<string, string>> = {
  node: fileURLToPath(new URL('../node/main.ts', import.meta.url)),
  express: fileURLToPath(new URL('../express/main.ts', import.meta.url)),
  'express 4': fileURLToPath(new URL('../express/main4.ts', import.meta.url)),
  fastify: fileURLToPath(new URL('../fastify/main.ts', import.meta.url)),
}

/** Servers as ones that existed before, with the adapters plugged in. */
export const PLUGGED: Readonly<Record<string, string>> = {
  express: fileURLToPath(new URL('../express/plugged.ts', import.meta.url)),
  'express 4': fileURLToPath(new URL('../express/plugged4.ts', import.meta.url)),
  fastify: fileURLToPath(new URL('../fastify/plugged.ts', import.meta.url)),
}
