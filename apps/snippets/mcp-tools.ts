// The tools of the MCP snippets: nothing of Countersign but the caller, whom the policy knows.
import { McpServer } from '@modelcontextprotocol/server'
import { z } from 'zod'

const posts = ['Hello']

/** A server for one request of one caller, as a stateless MCP server makes it. */
export function mcpServer(caller: { readonly subject: string }): McpServer {
  const server = new McpServer({ name: 'posts', version: '1.0.0' })
  server.registerTool('list_posts', { description: 'Lists the titles' }, async () => ({
    content: [{ type: 'text', text: posts.join(', ') }],
  }))
  server.registerTool(
    'create_post',
    { description: 'Writes a post', inputSchema: z.object({ title: z.string() }) },
    async ({ title }) => {
      posts.push(title)
      return { content: [{ type: 'text', text: `${caller.subject} wrote ${title}` }] }
    },
  )
  return server
}
