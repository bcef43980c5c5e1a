/** A way that a registered path may be asked for, as OpenAPI writes it. */
export interface PathTemplate {
  /** `/posts/{id}` */
  readonly template: string
  readonly params: readonly PathParam[]
  /** Paths that it takes, with stand-ins for the parameters: a guard that takes each of them takes all. */
  readonly samples: readonly string[]
}
export interface PathParam {
  readonly name: string
  /** The regular expression that Fastify asks it to match. */
  readonly pattern?: string
  /** It may hold slashes. */
  readonly wildcard?: true
}

type Part = string | PathParam | { readonly optional: readonly Part[] }

/** More ways than this and the rest is left out: each optional part doubles them. */
const MOST = 64
/** Stands for a parameter: no path of anybody's spells it. */
const ONE = '~cs~'
const DEEP = `${ONE}/${ONE}`

/**
 * What a path of Express 5 (`/a/:id{.:format}`, `/files/*rest`), of Fastify (`/a/:id(^\\d+$)`, `/files/*`, `/a/:id?`) or of an
 * `Endpoint` (`/oauth/*`) stands for: one template, or more where parts are optional. Their spellings do not collide.
 */
export function pathTemplates(path: string): readonly PathTemplate[] {
  const { parts } = parse(path, 0, false)
  return expand(parts)
    .slice(0, MOST)
    .map((way) => {
      const counted = numbered(way)
      const params = counted.filter((part) => typeof part !== 'string')
      const write = (each: (param: PathParam) => string) =>
        counted.map((part) => (typeof part === 'string' ? part : each(part))).join('') || '/'
      const samples = [write(() => ONE)]
      if (params.some(({ wildcard }) => wildcard)) samples.push(write(({ wildcard }) => (wildcard ? DEEP : ONE)))
      return { template: write(({ name }) => `{${name}}`), params, samples }
    })
}

function parse(path: string, from: number, inside: boolean): { readonly parts: readonly Part[]; readonly at: number } {
  const parts: Part[] = []
  let at = from
  while (at < path.length) {
    const sign = path[at] as string
    if (inside && sign === '}') return { parts, at: at + 1 }
    if (sign === '\\') {
      parts.push(path[at + 1] ?? '')
      at += 2
    } else if (sign === ':' && path[at + 1] === ':') {
      parts.push(':')
      at += 2
    } else if (sign === '{') {
      const group = parse(path, at + 1, true)
      parts.push({ optional: group.parts })
      at = group.at
    } else if (sign === '*' || sign === ':') {
      const [text, quoted, plain] = /^(?:"([^"]+)"|([\p{L}\p{N}_$]+))/u.exec(path.slice(at + 1)) ?? ['']
      at += 1 + text.length
      const pattern = path[at] === '(' ? group(path, at) : undefined
      at += pattern === undefined ? 0 : pattern.length + 2
      const param: PathParam = {
        name: quoted ?? plain ?? (sign === '*' ? 'wildcard' : 'param'),
        ...(pattern !== undefined && { pattern }),
        ...(sign === '*' && { wildcard: true }),
      }
      if (path[at] !== '?') parts.push(param)
      else {
        // Fastify: the last segment may be missing, with its slash.
        const slash = parts.at(-1) === '/' ? [parts.pop() as string] : []
        parts.push({ optional: [...slash, param] })
        at += 1
      }
    } else {
      parts.push(sign)
      at += 1
    }
  }
  return { parts, at }
}

/** What stands between a bracket and the one that closes it. */
function group(path: string, open: number): string {
  let depth = 0
  for (let at = open; at < path.length; at++) {
    if (path[at] === '\\') at++
    else if (path[at] === '(') depth++
    else if (path[at] === ')' && --depth === 0) return path.slice(open + 1, at)
  }
  return path.slice(open + 1)
}

/** Every way to take or leave what is optional; the longest first. */
function expand(parts: readonly Part[]): readonly (readonly (string | PathParam)[])[] {
  return parts.reduce<readonly (readonly (string | PathParam)[])[]>(
    (ways, part) => {
      if (typeof part === 'string' || 'name' in part) return ways.map((way) => [...way, part])
      const inner = [...expand(part.optional), []]
      return inner.flatMap((more) => ways.map((way) => [...way, ...more])).slice(0, MOST)
    },
    [[]],
  )
}

/** A name of its own for each parameter: OpenAPI asks for that. */
function numbered(way: readonly (string | PathParam)[]): readonly (string | PathParam)[] {
  const seen = new Map<string, number>()
  return way.map((part) => {
    if (typeof part === 'string') return part
    const count = (seen.get(part.name) ?? 0) + 1
    seen.set(part.name, count)
    return count === 1 ? part : { ...part, name: `${part.name}${count}` }
  })
}
