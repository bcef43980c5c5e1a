import { fileURLToPath } from 'node:url'

/** `4` or `5` leaves out the other Express: a matrix asks for one at a time. */
const { EXPRESS = '4 and 5' } = process.env
if (!/^(4|5|4 and 5)$/.test(EXPRESS)) throw new Error(`EXPRESS is 4 or 5, not ${EXPRESS}`)
const asked = (hosts: Readonly<Record<string, string>>) => {
  const left = { '4': 'express', '5': 'express 4' }[EXPRESS]
  return Object.fromEntries(Object.entries(hosts).filter(([name]) => name !== left))
}

/** Every host of the sample API, and the file that starts it. */
export const HOSTS: Readonly<Record<string, string>> = asked({
  node: fileURLToPath(new URL('../node/main.ts', import.meta.url)),
  express: fileURLToPath(new URL('../express/main.ts', import.meta.url)),
  'express 4': fileURLToPath(new URL('../express/main4.ts', import.meta.url)),
  fastify: fileURLToPath(new URL('../fastify/main.ts', import.meta.url)),
})

/** Servers as ones that existed before, with the adapters plugged in. */
export const PLUGGED: Readonly<Record<string, string>> = asked({
  express: fileURLToPath(new URL('../express/plugged.ts', import.meta.url)),
  'express 4': fileURLToPath(new URL('../express/plugged4.ts', import.meta.url)),
  fastify: fileURLToPath(new URL('../fastify/plugged.ts', import.meta.url)),
})

/** Doors of an MCP server, with nothing behind them. */
export const DOORS: Readonly<Record<string, string>> = asked({
  express: fileURLToPath(new URL('../express/mcp.ts', import.meta.url)),
  'express 4': fileURLToPath(new URL('../express/mcp4.ts', import.meta.url)),
  fastify: fileURLToPath(new URL('../fastify/mcp.ts', import.meta.url)),
})
