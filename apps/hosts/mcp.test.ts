import { conformance, startHost, type Transcripts } from '@countersign/conformance'
import { DOORS } from './hosts.ts'
import { mcp4Cases, mcpCases } from './mcp-cases.ts'

const transcripts: Transcripts = new Map()
for (const [name, main] of Object.entries(DOORS))
  conformance(
    `the door of an MCP server on ${name}`,
    () => startHost(main),
    transcripts,
    name === 'express 4' ? [...mcpCases, ...mcp4Cases] : mcpCases,
  )
