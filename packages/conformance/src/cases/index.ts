import type { Case } from '../case.ts'
import { apiKeyCases } from './api-keys.ts'
import { bodyCases } from './bodies.ts'
import { credentialCases } from './credentials.ts'
import { echoCases } from './echo.ts'
import { forwardAuthCases } from './forward-auth.ts'
import { loginLimitCases } from './login-limits.ts'
import { mcpCases } from './mcp.ts'
import { oauthCases } from './oauth.ts'
import { openApiCases } from './openapi.ts'
import { pathCases } from './paths.ts'
import { routeCases } from './routes.ts'
import { sessionCases } from './sessions.ts'
import { tokenCases } from './tokens.ts'

/** The whole suite, in the order it runs. */
export const CASES: readonly Case[] = [
  ...tokenCases,
  ...credentialCases,
  ...apiKeyCases,
  ...sessionCases,
  ...pathCases,
  ...bodyCases,
  ...routeCases,
  ...echoCases,
  ...loginLimitCases,
  ...forwardAuthCases,
  ...openApiCases,
  ...mcpCases,
  ...oauthCases,
]

const ids = new Set<string>()
for (const { id } of CASES) {
  if (ids.has(id)) throw new Error(`two cases are named ${id}`)
  ids.add(id)
}
