import { entriesOf, isDeclared, type RouteData, type RouteEntry } from './route.ts'
import { policyWords } from './words.ts'

const NONE = 'NO POLICY'

/**
 * The inventory as text for a file that a test compares: a line for each route, in an order that does not depend on when it was
 * registered. `GET /posts  read posts (route): bearer or apiKey; scope posts:read`. Ends with a newline.
 */
export function inventoryText(routes: readonly (RouteEntry | RouteData)[]): string {
  return entriesOf('inventoryText()', routes)
    .map((entry) => `${oneLine(`${entry.method} ${entry.path}`)}  ${guardWords(entry)}`)
    .sort(byPath)
    .map((line) => `${line}\n`)
    .join('')
}

/**
 * What has changed since `inventoryText` wrote `expected`, the worst first: routes that lost their policy, new ones without any,
 * other policies, new ones, routes that are gone. Empty where nothing has.
 */
export function inventoryDiff(expected: string, routes: readonly (RouteEntry | RouteData)[]): readonly string[] {
  const before = byRoute(expected)
  const after = byRoute(inventoryText(routes))
  const all = [...new Set([...before.keys(), ...after.keys()])].sort(byPath)
  return all
    .flatMap((route) => changesOf(route, before.get(route) ?? [], after.get(route) ?? []))
    .sort((one, other) => one.rank - other.rank)
    .map(({ text }) => text)
}

interface Changed {
  readonly rank: number
  readonly text: string
}

function changesOf(route: string, before: readonly string[], after: readonly string[]): readonly Changed[] {
  const was = before.filter((one) => !after.includes(one))
  const is = after.filter((one) => !before.includes(one))
  const pairs = Array.from({ length: Math.max(was.length, is.length) }, (_, at) => [was[at], is[at]] as const)
  return pairs.map(([old, now]) => {
    if (now === undefined) return { rank: 4, text: `gone: ${route}  was ${old}` }
    if (now.startsWith(NONE))
      return old === undefined
        ? { rank: 1, text: `new, WITHOUT A POLICY: ${route}` }
        : { rank: 0, text: `LOST ITS POLICY: ${route}  was ${old}` }
    if (old === undefined) return { rank: 3, text: `new: ${route}  ${now}` }
    return { rank: 2, text: `changed: ${route}\n  was ${old}\n  is  ${now}` }
  })
}

/** The lines of a text by method and path: a route may be registered twice. */
function byRoute(text: string): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>()
  for (const line of text.split(/\r?\n/).filter((one) => one.trim() !== '')) {
    const at = line.indexOf('  ')
    const route = at < 0 ? line : line.slice(0, at)
    found.set(route, [...(found.get(route) ?? []), at < 0 ? '' : line.slice(at + 2)])
  }
  return found
}

function guardWords(entry: RouteEntry): string {
  const words = entry.guards.map(({ policy, on }) =>
    oneLine(
      policy.mode === 'anyone' && policy.name === 'anyone'
        ? `anyone (${on})`
        : `${policy.name} (${on}): ${policyWords(policy).join('; ')}`,
    ),
  )
  return [...(isDeclared(entry) ? [] : [NONE]), ...words].join('  ')
}

/** Two blanks part the columns, and a line is a route: names and regular expressions may hold neither. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]/gu, '?').replace(/ {2,}/g, ' ')
}

/** By path, then by method. */
function byPath(one: string, other: string): number {
  const [a, b] = [one, other].map((line) => line.slice(line.indexOf(' ') + 1).split('  ', 1)[0] as string)
  if (a !== b) return (a as string) < (b as string) ? -1 : 1
  return one < other ? -1 : one > other ? 1 : 0
}
