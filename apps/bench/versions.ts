import { readFileSync } from 'node:fs'

/** What `bench:life` alone measures. */
export const ONLY_LIFE: readonly string[] = ['oidc-provider', 'pg', '@redis/client']
/** What `bench:depth` alone measures. */
export const ONLY_DEPTH: readonly string[] = [
  '@fastify/http-proxy',
  '@fastify/rate-limit',
  'express-rate-limit',
  'http-message-signatures',
  'pino',
  'pino-http',
]

/** Of what is measured, as installed. */
export function versionsOf(isMeasured: (name: string) => boolean): Record<string, string> {
  const { dependencies, devDependencies } = JSON.parse(
    readFileSync(new URL('package.json', import.meta.url), 'utf8'),
  ) as Record<'dependencies' | 'devDependencies', Record<string, string>>
  const names = Object.keys({ ...dependencies, ...devDependencies })
    .filter((name) => !/^@countersign\/|^@types\/|^vitest$/.test(name) && isMeasured(name))
    .sort()
  return Object.fromEntries(
    names.map((name) => {
      const file = new URL(`node_modules/${name}/package.json`, import.meta.url)
      return [name, (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version]
    }),
  )
}
