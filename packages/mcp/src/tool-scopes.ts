/** Which scopes a JSON-RPC request to an MCP server needs. */
export interface ToolScopes {
  /** The scopes for a parsed body, all of them; `undefined` when it calls a tool that nobody may call. */
  scopesFor(body: object): readonly string[] | undefined
}

/**
 * Scopes per tool, by its name; `*` is for tools that are not named. A tool that is neither is called by nobody. What is no
 * `tools/call` needs no scope beyond the policy's own. Throws a TypeError for what are no lists of scopes.
 */
export function toolScopes(scopes: Readonly<Record<string, readonly string[]>>): ToolScopes {
  const table = new Map(Object.entries(scopes ?? {}))
  if (table.size === 0 || ![...table.values()].every(isScopes))
    throw new TypeError(
      "toolScopes() takes scopes by tool, such as { create_post: ['posts:write'], '*': ['posts:read'] }",
    )
  return Object.freeze({
    scopesFor(body: object) {
      const needed = new Set<string>()
      for (const message of Array.isArray(body) ? body : [body]) {
        const { method, params } = (message ?? {}) as { method?: unknown; params?: { name?: unknown } | null }
        if (method !== 'tools/call') continue
        const name = params?.name
        const listed = (typeof name === 'string' && name !== '*' ? table.get(name) : undefined) ?? table.get('*')
        if (!listed) return undefined
        for (const scope of listed) needed.add(scope)
      }
      return [...needed]
    },
  })
}

function isScopes(value: unknown): boolean {
  return Array.isArray(value) && value.every((scope) => typeof scope === 'string' && scope !== '')
}
