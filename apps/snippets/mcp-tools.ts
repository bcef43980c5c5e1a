// The tools of the MCP snippets: nothing of Countersign.
import { McpServer } from '@modelcontextprotocol/server'
import { z } from 'zod'

const posts = ['Hello']

/** A server for one request, as a stateless MCP server makes it. */
export function mcpServer(): McpServer {
  const server = new McpServer({ name: 'posts', version: '1.0.0' })
  server.registerTool('list_posts', { description: 'Lists the titles' }, async () => ({
    content: [{ type: 'text', text: posts.join(', ') }],
  }))
  server.registerTool(
    'create_post',
    { description: 'Writes a post', inputSchema: z.object({ title: z.string() }) },
    async ({ title }) => {
      posts.push(title)
      return { content: [{ type: 'text', text: `wrote ${title}` }] }
    },
  )
  return server
}
