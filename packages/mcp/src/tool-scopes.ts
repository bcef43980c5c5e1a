import { checkOptions } from '@countersign/http'
import { checkRule, type Rule } from '@countersign/policy'

/** What an operation needs: scopes, all of them, or a rule. */
export type Needs = readonly string[] | Rule<unknown>

/** Needs by name; `*` is for names that are not there. */
export type NeedsByName = Readonly<Record<string, Needs>>

export interface MoreNeeds {
  /** By prompt, for `prompts/get`, and `completion/complete` of its arguments. */
  readonly prompts?: NeedsByName
  /** By URI, for `resources/read`, `subscribe` and `unsubscribe`, and completions; `posts://drafts/*` is all below it. */
  readonly resources?: NeedsByName
  /** By JSON-RPC method, beside what the tables before ask for; here a method that is not named needs nothing. */
  readonly methods?: NeedsByName
}

/** What a JSON-RPC message to an MCP server needs. */
export interface ToolScopes {
  /** The rules for a parsed message, of which all must hold; `undefined` for what nobody may call. */
  rulesFor(message: object): readonly Rule<unknown>[] | undefined
}

type Table = 'tools' | 'prompts' | 'resources'
type Params = Readonly<Record<string, unknown>>
type Rules = ReadonlyMap<string, readonly Rule<unknown>[]>

/** The methods that name something, and where. */
const NAMED: Readonly<Record<string, (params: Params) => readonly [table: Table, name: unknown]>> = {
  'tools/call': ({ name }) => ['tools', name],
  'prompts/get': ({ name }) => ['prompts', name],
  'resources/read': ({ uri }) => ['resources', uri],
  'resources/subscribe': ({ uri }) => ['resources', uri],
  'resources/unsubscribe': ({ uri }) => ['resources', uri],
  'completion/complete': ({ ref }) => {
    const { type, name, uri } = objectOf(ref)
    return type === 'ref/prompt' ? ['prompts', name] : ['resources', uri]
  },
}

/**
 * Scopes per tool, by its name; `*` is for tools that are not named. A tool that is neither is called by nobody. `more` has the
 * same for prompts, resources and methods: a kind that is left out needs nothing beyond the policy. Throws a TypeError for
 * what are neither scopes nor rules.
 */
export function toolScopes(tools: NeedsByName, more: MoreNeeds = {}): ToolScopes {
  checkOptions('toolScopes()', more, ['prompts', 'resources', 'methods'])
  const { prompts, resources, methods } = more
  const tables: Readonly<Record<Table, Rules | undefined>> = {
    tools: tableOf(tools),
    prompts: prompts && tableOf(prompts),
    resources: resources && new Map([...tableOf(resources)].map(([uri, rules]) => [uriOf(uri), rules])),
  }
  const byMethod: Rules = methods ? tableOf(methods) : new Map()
  return Object.freeze({
    rulesFor(message: object) {
      const { method, params } = message as { readonly method?: unknown; readonly params?: unknown }
      if (typeof method !== 'string') return [] // an answer to what the server asked
      const general = (method === '*' ? undefined : byMethod.get(method)) ?? byMethod.get('*') ?? []
      const named = Object.hasOwn(NAMED, method) ? NAMED[method]?.(objectOf(params)) : undefined
      const table = named && tables[named[0]]
      if (!named || !table) return general
      const own = named[0] === 'resources' ? ofUri(table, named[1]) : ofName(table, named[1])
      return own && [...general, ...own]
    },
  })
}

function ofName(table: Rules, name: unknown): readonly Rule<unknown>[] | undefined {
  return (typeof name === 'string' && name !== '*' ? table.get(name) : undefined) ?? table.get('*')
}

/** The URI itself, else the longest prefix, else `*`. */
function ofUri(table: Rules, uri: unknown): readonly Rule<unknown>[] | undefined {
  if (typeof uri !== 'string') return table.get('*')
  const wanted = uriOf(uri)
  const prefixes = [...table.keys()].filter((key) => key.endsWith('*') && wanted.startsWith(key.slice(0, -1)))
  const [longest] = prefixes.sort((a, b) => b.length - a.length)
  const exact = wanted.endsWith('*') ? undefined : table.get(wanted)
  return exact ?? (longest === undefined ? undefined : table.get(longest))
}

/** As the SDK writes it before it looks: another spelling of a URI must not need less. */
function uriOf(uri: string): string {
  return URL.canParse(uri) ? new URL(uri).href : uri
}

function tableOf(needs: NeedsByName): Rules {
  const table = new Map(Object.entries(needs ?? {}).map(([name, one]) => [name, rulesOf(one)]))
  if (table.size === 0) throw wrong()
  return table
}

function rulesOf(needs: Needs): readonly Rule<unknown>[] {
  const rules: readonly unknown[] = isList(needs) ? needs.map((scope) => ({ scope })) : [needs]
  if (typeof needs !== 'object' || needs === null) throw wrong()
  for (const rule of rules) checkRule(rule)
  return rules as readonly Rule<unknown>[]
}

const isList = (needs: Needs): needs is readonly string[] => Array.isArray(needs)

function wrong(): TypeError {
  return new TypeError(
    "toolScopes() takes scopes or a rule by tool, such as { create_post: ['posts:write'], '*': ['posts:read'] }",
  )
}

function objectOf(value: unknown): Params {
  return typeof value === 'object' && value !== null ? (value as Params) : {}
}
